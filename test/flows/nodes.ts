import { onTestFinished } from 'vitest'
import { type Composition, composeAuth } from '../../src/auth.js'
import { type ConfigInput, parseConfig } from '../../src/config/config.js'
import { ManualClock } from '../../src/runtime/clock.js'
import type { Logger } from '../../src/runtime/logger.js'
import { TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'
import { CapturedMail, createMailbox } from '../../src/testing/mailbox.js'
import { noteExchange } from '../secrets/exchange.js'
import { recorded } from '../secrets/record.js'
import { judgeAnswer } from './judge-answer.js'

/** The master key of every node. */
export const NODE_SECRET = 'a master key for tests, never for anything else'

/** A node with its keys and its database in reach, for what no caller can see. */
export interface BareNode extends TestAuth, Pick<Composition, 'keyring' | 'storage'> {}

export interface NodeOptions {
  /** Default: SQLite in memory. */
  readonly url?: string
  readonly auth?: ConfigInput['auth']
  readonly server?: ConfigInput['server']
  /** `storage.direct_url`. */
  readonly directUrl?: string
  readonly redis?: string
  /** One clock may drive several nodes. */
  readonly clock?: ManualClock
  readonly logger?: Logger
  /** False leaves the answers unjudged, for a test that sends them by the hundred. */
  readonly judged?: boolean
}

/** Opens a node as `createTestAuth` does; whoever calls closes it. */
export async function openNode(options: NodeOptions = {}): Promise<BareNode> {
  const { url = 'sqlite::memory:', clock = new ManualClock(), judged = true } = options
  const { password, ...auth } = options.auth ?? {}
  const captured = new CapturedMail()
  const config = parseConfig(
    {
      secret: NODE_SECRET,
      storage: { url, directUrl: options.directUrl ?? null, allowUnsafeDurability: true },
      limits: { enabled: false },
      auth: {
        ...auth,
        password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 }, ...password },
      },
      ...(options.server && { server: options.server }),
      ...(options.redis && { redis: { url: options.redis } }),
    },
    { nodeEnv: 'test' },
  )
  const {
    auth: composed,
    app,
    keyring,
    storage,
    cleanUp,
    flush,
    sync,
    round,
    sendMail,
  } = await composeAuth(config, { clock, logger: recorded(options.logger), mailTransport: captured })
  return {
    ...composed,
    clock,
    keyring,
    storage,
    cleanUp: async () => void (await cleanUp()),
    flush,
    sync,
    mail: createMailbox(captured, sendMail),
    round,
    openapi: () => app.openapi(),
    async request(path, init = {}) {
      const answer = await app.fetch(new Request(new URL(path, TEST_ORIGIN), init), { remoteAddress: '127.0.0.1' })
      if (judged) await noteExchange(init, answer)
      if (judged) await judgeAnswer(app.openapi(), init.method ?? 'GET', path, answer)
      return answer
    },
  }
}

/** A node of the running test, closed after it. */
export async function openNodeOfTest(options: NodeOptions = {}): Promise<BareNode> {
  const node = await openNode(options)
  onTestFinished(() => node.close())
  return node
}
