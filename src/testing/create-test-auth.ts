import { type Auth, type Composition, composeAuth } from '../auth.js'
import { type ConfigInput, parseConfig } from '../config/config.js'
import { ManualClock } from '../runtime/clock.js'
import { type Logger, silentLogger } from '../runtime/logger.js'
import { CapturedMail, createMailbox, type Mailbox } from './mailbox.js'

/** How an instance for tests is set up. */
export interface TestAuthOptions {
  /** As for `createAuth`; the storage defaults to SQLite in memory, the limits to off, and hashing to its cheapest. */
  readonly config?: ConfigInput
  /** Milliseconds since the epoch at which the clock stands. Default: 2026-01-01T00:00:00Z. */
  readonly now?: number
  readonly logger?: Logger
}

/** What `createTestAuth` gives: an `Auth`, and what a test moves and looks at. */
export interface TestAuth extends Auth {
  /** The only clock there is, the database's too: time passes when a test says so. */
  readonly clock: ManualClock
  /** A request to the whole HTTP surface, without a socket. `path` is relative to `http://localhost:3000`. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Removes what ended long ago, as the server does from time to time. */
  cleanUp(): Promise<void>
  /** Writes the activity that has been noted, as the server does from time to time. */
  flush(): Promise<void>
  /** Reads what other instances over the same database have changed, as the server does from time to time. */
  sync(): Promise<void>
  /** What would have been mailed. Nothing leaves. */
  readonly mail: Mailbox
  /** Looks after open WebSocket connections, as the server does four times a second. */
  round(): Promise<void>
  openapi(): Readonly<Record<string, unknown>>
}

/** What the paths of `request` are relative to, and the origin of a page of the same site. */
export const TEST_ORIGIN = 'http://localhost:3000'

/**
 * An instance for tests: the real thing on SQLite in memory, with a clock of its own and no limits.
 * @example
 * const auth = await createTestAuth()
 * const { accessToken } = await auth.api.register({ email: 'anna@example.com', password: 'correct horse' })
 * auth.clock.advance(25 * 3_600_000)
 * await auth.api.verify({ accessToken }) // throws SallyportError `token_expired`
 */
export async function createTestAuth(options: TestAuthOptions = {}): Promise<TestAuth> {
  const clock = new ManualClock(options.now)
  const captured = new CapturedMail()
  const composed = await composeTest(options, clock, captured)
  const { auth, app } = composed
  return {
    ...auth,
    clock,
    request: (path, init) => app.fetch(new Request(new URL(path, TEST_ORIGIN), init), { remoteAddress: '127.0.0.1' }),
    cleanUp: async () => void (await composed.cleanUp()),
    flush: composed.flush,
    sync: composed.sync,
    mail: createMailbox(captured, composed.sendMail),
    round: composed.round,
    openapi: () => app.openapi(),
  }
}

function composeTest(
  { config = {}, logger = silentLogger }: TestAuthOptions,
  clock: ManualClock,
  mailTransport: CapturedMail,
): Promise<Composition> {
  const { storage, limits, auth, ...rest } = config
  const { password, ...authRest } = auth ?? {}
  const cheap = { memory: 64, iterations: 1, parallelism: 1 }
  const merged: ConfigInput = {
    secret: 'a master key for tests, never for anything else',
    ...rest,
    storage: { url: 'sqlite::memory:', ...storage },
    limits: { enabled: false, ...limits },
    auth: { ...authRest, password: { ...password, argon2id: { ...cheap, ...password?.argon2id } } },
  }
  return composeAuth(parseConfig(merged, { nodeEnv: 'test' }), { clock, logger, mailTransport })
}
