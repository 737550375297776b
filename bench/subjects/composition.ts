import { atOnce } from '../load/at-once.js'
import { built } from './built.js'

export type Composition = Awaited<ReturnType<typeof import('../../src/auth.js')['composeAuth']>>

export interface CompositionOptions {
  readonly mode: 'stateful' | 'stateless'
  /** Of the database. */
  readonly url: string
  readonly redis: string | null
  /** How long an entry of memory or Redis is believed, at least a second; it follows the grace of refreshes. */
  readonly trust?: string
}

/** Where a call comes from, for the audit log. */
export const CALL = { client: { ipAddress: null, userAgent: null, requestId: 'bench' } }

export const ACCOUNT = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }

/** The library of the built program as in production, but for hashes and limits. */
export async function compose({ mode, url, redis, trust = '10s' }: CompositionOptions): Promise<Composition> {
  const { composeAuth } = await built<typeof import('../../src/auth.js')>('auth.js')
  const { parseConfig } = await built<typeof import('../../src/config/config.js')>('config/config.js')
  const config = parseConfig(
    {
      secret: 'Kf7-vEw2_qRz9XtYb4LmNc8PdSg5HjAu',
      storage: { url },
      ...(redis !== null && { redis: { url: redis } }),
      limits: { enabled: false },
      auth: {
        mode,
        refresh: { reuseGrace: trust },
        hashQueue: { max: 10_000, deadline: '60s' },
        password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 } },
      },
    },
    { nodeEnv: 'production' },
  )
  return composeAuth(config)
}

/** So many sessions of one account, and their tokens. */
export async function signIn({ auth }: Composition, count: number) {
  await auth.api.register(ACCOUNT).catch(() => undefined)
  const issued: { readonly accessToken: string; readonly refreshToken: string }[] = []
  await atOnce(Array.from({ length: count }), 16, async () => issued.push(await auth.api.login(ACCOUNT)))
  return issued
}
