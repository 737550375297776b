import { sql } from 'kysely'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { TenantScope } from '../../storage/tenant-scope.js'
import { removeAddresses } from './websocket-address-store.js'

/** Whose connections are counted. */
export interface PlaceHolder {
  readonly tenantId: string
  readonly userId: string
}

export interface PlaceCount extends PlaceHolder {
  readonly count: number
}

export const PLACES_LOCK = 8_315_161_575_009

/** How long to wait for a node that counts, milliseconds: one that was halted in the midst of it holds nobody up for longer. */
const PATIENCE = 2_000

/**
 * Until the end of the transaction nobody else counts: on SQLite nobody else writes anyway.
 * @throws an error of the database where somebody else does not get done
 */
export async function lockPlaces(_scope: TenantScope, db: Queryable, storage: Storage): Promise<void> {
  if (storage.dialect !== 'postgres') return
  const patience = sql.lit(`${PATIENCE}ms`)
  await sql`select set_config('lock_timeout', ${patience}, true), pg_advisory_xact_lock(${PLACES_LOCK}::bigint)`.execute(
    db,
  )
}

/**
 * Says that the node is alive for `lease` milliseconds.
 * @returns false where it was not held to be alive before: then what it had counted may be gone
 */
export async function renewNode(
  _scope: TenantScope,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  lease: number,
): Promise<boolean> {
  const expiresAt = sql<number>`${storage.now()} + ${sql.lit(lease)}`
  const renewed = await db
    .updateTable('socket_nodes')
    .set({ expires_at: expiresAt })
    .where('id', '=', nodeId)
    .where('expires_at', '>', storage.now())
    .returning('id')
    .executeTakeFirst()
  if (renewed !== undefined) return true
  await db
    .insertInto('socket_nodes')
    .values({ id: nodeId, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({ expires_at: eb.ref('excluded.expires_at') })),
    )
    .execute()
  return false
}

/** How many connections of these users other nodes that are alive hold. */
export async function countElsewhere(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (userIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('socket_places')
    .innerJoin('socket_nodes', 'socket_nodes.id', 'socket_places.node_id')
    .select((eb) => ['user_id', eb.fn.sum<number | string>('count').as('held')])
    .where(inTenant(scope, 'socket_places.tenant_id'))
    .where('user_id', 'in', userIds)
    .where('node_id', '<>', nodeId)
    .where('socket_nodes.expires_at', '>', storage.now())
    .groupBy('user_id')
    .execute()
  return new Map(rows.map(({ user_id, held }) => [user_id, Number(held)]))
}

/** Writes what the node holds now, whatever was written before. */
export async function writePlaces(
  scope: TenantScope,
  db: Queryable,
  nodeId: string,
  counts: readonly PlaceCount[],
): Promise<void> {
  const gone = counts.filter(({ count }) => count === 0).map(({ userId }) => userId)
  if (gone.length > 0) {
    await db
      .deleteFrom('socket_places')
      .where(inTenant(scope))
      .where('node_id', '=', nodeId)
      .where('user_id', 'in', gone)
      .execute()
  }
  const held = counts.filter(({ count }) => count > 0)
  if (held.length === 0) return
  await db
    .insertInto('socket_places')
    .values(
      held.map(({ tenantId, userId, count }) => ({ tenant_id: tenantId, user_id: userId, node_id: nodeId, count })),
    )
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'user_id', 'node_id']).doUpdateSet((eb) => ({ count: eb.ref('excluded.count') })),
    )
    .execute()
}

/** Forgets a node and all that it held. */
export async function removeNode(scope: TenantScope, db: Queryable, nodeId: string): Promise<void> {
  await db.deleteFrom('socket_places').where(inTenant(scope)).where('node_id', '=', nodeId).execute()
  await removeAddresses(scope, db, nodeId)
  await db.deleteFrom('socket_nodes').where('id', '=', nodeId).execute()
}

/** Forgets nodes whose lease ran out, and what they held; returns how many nodes there were. */
export async function removeDeadNodes(
  _scope: TenantScope,
  db: Queryable,
  storage: Storage,
  limit: number,
): Promise<number> {
  const dead = await db
    .selectFrom('socket_nodes')
    .select('id')
    .where('expires_at', '<', sql<number>`${storage.now()} - 60000`)
    .limit(limit)
    .execute()
  for (const { id } of dead) await removeNode(_scope, db, id)
  return dead.length
}
