import { type Selectable, sql, type Transaction } from 'kysely'
import { parameter } from '../../storage/parameters.js'
import { preparedByCount } from '../../storage/prepared-by-count.js'
import type { Storage } from '../../storage/storage.js'
import type { LoginAttemptsTable, Tables } from '../../storage/tables.js'
import { type BucketState, EMPTY_BUCKET } from './lockout-bucket.js'
import type { BucketName } from './lockout-store.js'

export interface StoredBuckets {
  /** By key; a bucket without a row is not in it. */
  readonly states: ReadonlyMap<string, BucketState>
  /** The database's time of this moment. */
  readonly now: number
}

export interface BucketChange {
  readonly bucket: BucketName
  readonly state: BucketState
  /** When it remembers nothing any more, milliseconds since the epoch; 0: now. */
  readonly end: number
}

/** The few buckets of an attempt, which every sign-in reads and writes. */
export interface CountedBuckets {
  /** As they are stored, without waiting for anybody. */
  read(buckets: readonly BucketName[]): Promise<StoredBuckets>
  /** Makes them where they are missing, and keeps them for this transaction alone until it ends. */
  lock(tx: Transaction<Tables>, buckets: readonly BucketName[]): Promise<StoredBuckets>
  /** Writes what this transaction has locked; one without an end is deleted. */
  write(tx: Transaction<Tables>, changes: readonly BucketChange[]): Promise<void>
}

/** The end is rounded up to this many milliseconds: it is indexed, and would otherwise change with every attempt. */
const END_STEP = 600_000

const NAME_COLUMNS = ['key', 'kind', 'tenant_id', 'identifier', 'user_id', 'address'] as const
const STATE_COLUMNS = ['failures', 'pending', 'pending_until', 'window_ends_at', 'level', 'locked_until'] as const

export function prepareCountedBuckets(storage: Storage): CountedBuckets {
  const { db } = storage
  const places = (count: number) => Array.from({ length: count }, () => parameter())
  /** Rows of places; what is not a place stands in every row. */
  const insert = (count: number, places: readonly unknown[]) =>
    db
      .insertInto('login_attempts')
      .columns([...NAME_COLUMNS, ...STATE_COLUMNS, 'expires_at'])
      .expression(sql`values ${sql.join(Array.from({ length: count }, () => sql`(${sql.join([...places])})`))}`)

  const read = preparedByCount(storage, 'read_buckets', (count) =>
    db
      .selectFrom(sql<{ now: number }>`(select ${storage.now()} as now)`.as('clock'))
      .leftJoin('login_attempts', (join) => join.on(sql`login_attempts.key`, 'in', sql`(${sql.join(places(count))})`))
      .selectAll()
      .compile(),
  )
  const empty = stateValues(EMPTY_BUCKET).map((value) => sql.lit(value))
  const soon = sql`${storage.now()} + ${sql.lit(END_STEP)}`
  const lock = preparedByCount(storage, 'lock_buckets', (count) =>
    insert(count, [...places(NAME_COLUMNS.length), ...empty, soon])
      .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ user_id: eb.ref('excluded.user_id') })))
      .returningAll()
      .returning(storage.now().as('now'))
      .compile(),
  )
  const keep = preparedByCount(storage, 'keep_buckets', (count) =>
    insert(count, places(NAME_COLUMNS.length + STATE_COLUMNS.length + 1))
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet((eb) => ({
          failures: eb.ref('excluded.failures'),
          pending: eb.ref('excluded.pending'),
          pending_until: eb.ref('excluded.pending_until'),
          window_ends_at: eb.ref('excluded.window_ends_at'),
          level: eb.ref('excluded.level'),
          locked_until: eb.ref('excluded.locked_until'),
          expires_at: eb.ref('excluded.expires_at'),
        })),
      )
      .compile(),
  )
  const drop = preparedByCount(storage, 'drop_buckets', (count) =>
    db
      .deleteFrom('login_attempts')
      .where(sql`key`, 'in', sql`(${sql.join(places(count))})`)
      .compile(),
  )

  return {
    async read(buckets) {
      return storedBuckets(await read(buckets.length)(buckets.map(({ key }) => key)))
    },
    async lock(tx, buckets) {
      return storedBuckets(await lock(buckets.length)(inOrder(buckets).flatMap(nameValues), tx))
    },
    async write(tx, changes) {
      const gone = changes.filter(({ end }) => end === 0).map(({ bucket }) => bucket.key)
      if (gone.length > 0) await drop(gone.length)(gone, tx)
      const kept = changes.filter(({ end }) => end > 0)
      if (kept.length > 0) await keep(kept.length)(kept.flatMap(valuesOf), tx)
    },
  }
}

/** Everybody locks in this order, so that no two wait for each other; addresses, which many share, come last. */
function inOrder(buckets: readonly BucketName[]): readonly BucketName[] {
  const rank = ({ kind }: BucketName) => (kind === 'address' ? 1 : 0)
  return buckets.toSorted((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1))
}

/** In the order of `NAME_COLUMNS`. */
function nameValues({ key, kind, tenantId, identifier, userId, address }: BucketName) {
  return [key, kind, tenantId, identifier, userId, address]
}

/** In the order of `STATE_COLUMNS`. */
function stateValues({ failures, pending, pendingUntil, windowEndsAt, level, lockedUntil }: BucketState) {
  return [failures, pending, pendingUntil, windowEndsAt, level, lockedUntil]
}

function valuesOf({ bucket, state, end }: BucketChange) {
  return [...nameValues(bucket), ...stateValues(state), Math.ceil(end / END_STEP) * END_STEP]
}

type NullableRow = { [Column in keyof Selectable<LoginAttemptsTable>]: Selectable<LoginAttemptsTable>[Column] | null }

function storedBuckets(rows: readonly (NullableRow & { readonly now: number })[]): StoredBuckets {
  const states = new Map<string, BucketState>()
  for (const row of rows) {
    if (row.key === null) continue
    states.set(row.key, {
      failures: row.failures ?? 0,
      pending: row.pending ?? 0,
      pendingUntil: row.pending_until ?? 0,
      windowEndsAt: row.window_ends_at ?? 0,
      level: row.level ?? 0,
      lockedUntil: row.locked_until ?? 0,
    })
  }
  return { states, now: rows[0]?.now ?? 0 }
}
