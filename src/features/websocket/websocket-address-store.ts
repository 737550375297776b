import type { Queryable, Storage } from '../../storage/storage.js'
import type { TenantScope } from '../../storage/tenant-scope.js'

/** A client address, or the /64 of one: people of several tenants may have it. */
export interface AddressHolder {
  readonly address: string
}

export interface AddressCount extends AddressHolder {
  readonly count: number
}

/** How many connections from these addresses other nodes that are alive hold. */
export async function countAddressesElsewhere(
  _scope: TenantScope,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (addresses.length === 0) return new Map()
  const rows = await db
    .selectFrom('socket_addresses')
    .innerJoin('socket_nodes', 'socket_nodes.id', 'socket_addresses.node_id')
    .select((eb) => ['address', eb.fn.sum<number | string>('count').as('held')])
    .where('address', 'in', addresses)
    .where('node_id', '<>', nodeId)
    .where('socket_nodes.expires_at', '>', storage.now())
    .groupBy('address')
    .execute()
  return new Map(rows.map(({ address, held }) => [address, Number(held)]))
}

/** Writes what the node holds now, whatever was written before. */
export async function writeAddresses(
  _scope: TenantScope,
  db: Queryable,
  nodeId: string,
  counts: readonly AddressCount[],
): Promise<void> {
  const gone = counts.filter(({ count }) => count === 0).map(({ address }) => address)
  if (gone.length > 0) {
    await db.deleteFrom('socket_addresses').where('node_id', '=', nodeId).where('address', 'in', gone).execute()
  }
  const held = counts.filter(({ count }) => count > 0)
  if (held.length === 0) return
  await db
    .insertInto('socket_addresses')
    .values(held.map(({ address, count }) => ({ address, node_id: nodeId, count })))
    .onConflict((conflict) =>
      conflict.columns(['address', 'node_id']).doUpdateSet((eb) => ({ count: eb.ref('excluded.count') })),
    )
    .execute()
}

export async function removeAddresses(_scope: TenantScope, db: Queryable, nodeId: string): Promise<void> {
  await db.deleteFrom('socket_addresses').where('node_id', '=', nodeId).execute()
}
