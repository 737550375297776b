/** What we want to reach, measured side by side with what it is held against (see README.md). */
export interface Goal {
  readonly work: string
  readonly bound: 'at least' | 'at most'
  readonly limit: number
  readonly unit: string
  /** Why nothing measures it so far. */
  readonly notYet?: string
}

const SHARE = 'of it'

export const GOALS = {
  'authenticate-stateful': {
    work: '`authenticate()` in process, an opaque token whose session is in memory, by its CPU',
    bound: 'at least',
    limit: 400_000,
    unit: 'a second of a core',
  },
  'authenticate-stateless': {
    work: '`authenticate()` in process, a JWT seen before, by its CPU',
    bound: 'at least',
    limit: 250_000,
    unit: 'a second of a core',
  },
  'authenticate-best-peer': {
    work: '`authenticate()` in process, CPU against the best peer',
    bound: 'at least',
    limit: 70,
    unit: 'times',
  },
  'authenticate-cold-jwt': {
    work: 'A JWT seen for the first time (EdDSA), of raw `node:crypto` verify',
    bound: 'at least',
    limit: 0.9,
    unit: SHARE,
  },
  'miss-redis': {
    work: 'A session that is in Redis and not in memory, of the raw client’s look-ups',
    bound: 'at least',
    limit: 0.7,
    unit: SHARE,
  },
  'miss-postgres': {
    work: 'A session that is in PostgreSQL alone, of the raw client’s look-ups',
    bound: 'at least',
    limit: 0.7,
    unit: SHARE,
  },
  'verify-opaque': {
    work: '`GET /auth/verify` with an opaque token, CPU of bare `node:http`',
    bound: 'at least',
    limit: 0.8,
    unit: SHARE,
  },
  'verify-jwt': {
    work: '`GET /auth/verify` with a JWT, CPU of bare `node:http`',
    bound: 'at least',
    limit: 0.8,
    unit: SHARE,
  },
  'verify-express-session': {
    work: '`GET /auth/verify`, CPU against express-session with Redis',
    bound: 'at least',
    limit: 10,
    unit: 'times',
  },
  'verify-better-auth': {
    work: '`GET /auth/verify`, CPU against the best of better-auth',
    bound: 'at least',
    limit: 40,
    unit: 'times',
  },
  'validate-guest': {
    work: '`GET /session/validate`, CPU of bare `node:http`',
    bound: 'at least',
    limit: 0.8,
    unit: SHARE,
  },
  'me-opaque': {
    work: '`GET /auth/me` with an opaque token, CPU of bare `node:http`',
    bound: 'at least',
    limit: 0.6,
    unit: SHARE,
  },
  'me-jwt': {
    work: '`GET /auth/me` with a JWT, CPU of bare `node:http`',
    bound: 'at least',
    limit: 0.6,
    unit: SHARE,
  },
  'adapter-cost': {
    work: '`requireAuth` in a framework, the dearest of both tokens, CPU on top of the bare framework',
    bound: 'at most',
    limit: 3,
    unit: 'µs',
  },
  'sign-in-share': {
    work: 'Sign-in at 64 at once (argon2id, 19 MiB, t=2, p=1), of what the hash allows',
    bound: 'at least',
    limit: 0.95,
    unit: SHARE,
  },
  'flood-loop-delay': {
    work: 'Event-loop delay p99 in a ten-fold login flood',
    bound: 'at most',
    limit: 10,
    unit: 'ms',
  },
  'flood-authenticate': {
    work: '`authenticate()` p99 in a ten-fold login flood, of the same without one',
    bound: 'at most',
    limit: 1.5,
    unit: 'times',
  },
  'refresh-sqlite': {
    work: 'Refresh on SQLite, of the raw statement with the same durability',
    bound: 'at least',
    limit: 0.8,
    unit: SHARE,
  },
  'refresh-postgres': {
    work: 'Refresh on PostgreSQL, of pgbench with the same statement',
    bound: 'at least',
    limit: 0.6,
    unit: SHARE,
  },
  'refresh-rate': {
    work: 'Refreshes over HTTP, durable (SQLite), by one server process',
    bound: 'at least',
    limit: 500,
    unit: 'a second',
  },
  'revocation-redis-p99': {
    work: 'A revocation reaching another node by Redis, p99',
    bound: 'at most',
    limit: 10,
    unit: 'ms',
  },
  'revocation-notify-p99': {
    work: 'A revocation reaching another node by NOTIFY, p99',
    bound: 'at most',
    limit: 20,
    unit: 'ms',
  },
  'revocation-p100': {
    work: 'A revocation reaching another node by Redis or NOTIFY, the slowest (of 10,000 in the full profile)',
    bound: 'at most',
    limit: 100,
    unit: 'ms',
  },
  'websocket-memory': {
    work: 'An authenticated idle WebSocket, of 10,000',
    bound: 'at most',
    limit: 20,
    unit: 'KiB',
  },
  'websocket-close': {
    work: 'All WebSockets of a user closed at another node after a revocation, by NOTIFY or Redis, p99',
    bound: 'at most',
    limit: 10,
    unit: 'ms',
  },
  'start-memory': {
    work: 'Resident memory of the server after its first answer',
    bound: 'at most',
    limit: 90,
    unit: 'MiB',
  },
  'session-bytes': {
    work: 'A cached session, its token included',
    bound: 'at most',
    limit: 400,
    unit: 'bytes',
  },
  'million-sessions': {
    work: '1,000,000 cached sessions, reckoned from the bytes of one',
    bound: 'at most',
    limit: 400,
    unit: 'MiB',
  },
  growth: {
    work: 'p99 of look-up, list, sign-in and refresh at 10 M sessions and 1 M users, of the same at 10,000',
    bound: 'at most',
    limit: 1.5,
    unit: 'times',
    notYet: 'no benchmark fills a database of that size yet',
  },
  start: {
    work: 'First answer after the start (SQLite, built)',
    bound: 'at most',
    limit: 300,
    unit: 'ms',
  },
  'two-workers': {
    work: 'Two workers against one',
    bound: 'at least',
    limit: 1.8,
    unit: 'times',
    notYet: 'there are no workers yet',
  },
} as const satisfies Readonly<Record<string, Goal>>

export type GoalId = keyof typeof GOALS

export interface Judged extends Goal {
  readonly goal: string
  readonly measured: number | null
  /** Null where it was not measured. */
  readonly met: boolean | null
}

/** Every goal, met or not. @param readings the later one counts where a goal was read twice */
export function judge(readings: readonly { readonly goal: GoalId; readonly value: number }[]): readonly Judged[] {
  const values = new Map<string, number>(readings.map(({ goal, value }) => [goal, value]))
  return Object.entries<Goal>(GOALS).map(([goal, given]) => {
    const measured = values.get(goal) ?? null
    const { bound, limit } = given
    const met = measured === null ? null : bound === 'at least' ? measured >= limit : measured <= limit
    return { goal, ...given, measured, met }
  })
}
