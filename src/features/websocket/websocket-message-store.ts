import { sql } from 'kysely'
import { ago } from '../../storage/ago.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { inTenant } from '../../storage/tenant-filter.js'
import type { OneTenant, TenantScope } from '../../storage/tenant-scope.js'
import { floorOf } from '../revocation/revocation-service.js'

/** A message on its way to connections at other nodes. */
export interface SocketMessage {
  readonly kind: 'user' | 'session' | 'tenant'
  readonly tenantId: string
  readonly target: string
  /** JSON. */
  readonly body: string
}

/** True where another node that is alive may hold connections that a message is for. */
export async function isWantedElsewhere(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  { kind, target }: Pick<SocketMessage, 'kind' | 'target'>,
): Promise<boolean> {
  const nodes = db
    .selectFrom('socket_nodes')
    .select('id')
    .where('id', '<>', nodeId)
    .where('expires_at', '>', storage.now())
  const row = await (kind === 'user'
    ? db
        .selectFrom('socket_places')
        .select('node_id')
        .where(inTenant(scope))
        .where('user_id', '=', target)
        .where('node_id', 'in', nodes)
        .limit(1)
        .executeTakeFirst()
    : nodes.limit(1).executeTakeFirst())
  return row !== undefined
}

export async function insertMessage(
  scope: OneTenant,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  { kind, target, body }: SocketMessage,
): Promise<void> {
  const xid = storage.dialect === 'postgres' ? sql<number>`pg_current_xact_id()::text::bigint` : sql<number>`0`
  const row = { xid, node_id: nodeId, tenant_id: scope.tenantId, kind, target, body, created_at: storage.now() }
  await db.insertInto('socket_messages').values(row).execute()
}

export interface ReadMessages {
  readonly messages: readonly (SocketMessage & { readonly seq: number })[]
  /** Whatever is committed later lies at or above it. */
  readonly from: number
}

/**
 * What other nodes have sent since `from`, in the way of the feed of changes: rows at or above `from` are read again,
 * since a transaction may commit after others with higher numbers.
 * @param from null: nothing but where one stands
 */
export async function readMessages(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  nodeId: string,
  from: number | null,
): Promise<ReadMessages> {
  const isPostgres = storage.dialect === 'postgres'
  const floor = isPostgres ? floorOf(storage) : sql<number>`coalesce((select max(seq) from socket_messages), 0) + 1`
  const mark = sql.ref(isPostgres ? 'm.xid' : 'm.seq')
  const { rows } = await sql<{
    readonly floor: number
    readonly seq: number | null
    readonly kind: SocketMessage['kind'] | null
    readonly tenant_id: string | null
    readonly target: string | null
    readonly body: string | null
  }>`
    select t.floor, m.seq, m.kind, m.tenant_id, m.target, m.body
    from (select ${floor} as floor) t
    left join socket_messages m
      on ${mark} >= ${from ?? Number.MAX_SAFE_INTEGER} and m.node_id <> ${nodeId} and ${inTenant(scope, 'm.tenant_id')}
    order by m.seq`.execute(db)
  const messages = rows.flatMap(({ seq, kind, tenant_id, target, body }) =>
    seq === null || kind === null || tenant_id === null || target === null || body === null
      ? []
      : [{ seq, kind, tenantId: tenant_id, target, body }],
  )
  const next = rows[0]?.floor ?? 0
  // On SQLite what has been deleted takes its numbers along; on PostgreSQL a restored server gives them out again.
  return { messages, from: isPostgres ? next : Math.max(next, from ?? 0) }
}

/** Deletes messages older than `keep` milliseconds, at most `limit`; returns how many went. */
export async function deleteMessages(
  scope: TenantScope,
  db: Queryable,
  storage: Storage,
  keep: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('socket_messages')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('socket_messages')
        .select('seq')
        .where(inTenant(scope))
        .where('created_at', '<', ago(storage, keep))
        .orderBy('created_at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
