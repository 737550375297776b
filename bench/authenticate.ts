import { verify } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Benchmark } from './benchmark.js'
import { built } from './built.js'
import { median, shuffled } from './statistics.js'

/** Sessions that are asked about in turn. */
const SESSIONS = 1_000
const BATCH = 50_000
/** Checks between two turns of the event loop, which a server would have had: the feed is read on one. */
const TURN = 500
/** Tokens never seen before, of each round. */
const COLD = 2_000

interface Variant {
  readonly name: string
  /** How many were checked. */
  run(): Promise<number>
}

/** Checks a second in this process, on one core, of the built program. */
export const benchmark: Benchmark = async ({ quick }) => {
  const rounds = quick ? 3 : 15
  const [stateful, stateless] = [await variantsOf('stateful', rounds + 1), await variantsOf('stateless', rounds + 1)]
  const variants = [...stateful.variants, ...stateless.variants]
  const rates = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const variant of shuffled(variants)) {
      const started = performance.now()
      const checked = await variant.run()
      const rate = (checked * 1000) / (performance.now() - started)
      // The first round only warms up.
      if (round >= 0) rates.get(variant.name)?.push(rate)
    }
  }
  await stateful.close()
  await stateless.close()
  const of = (name: string) => median(rates.get(name) ?? [])
  return [
    {
      title: `Checks a second, one core, ${SESSIONS} sessions in turn, median of ${rounds} shuffled rounds`,
      rows: variants.map(({ name }) => ({
        what: name,
        'a second': Math.round(of(name)).toLocaleString('en'),
        'µs each': (1e6 / of(name)).toFixed(2),
      })),
    },
    {
      title: 'A JWT seen for the first time, against node:crypto alone',
      rows: [
        {
          'share of raw verify': `${((100 * of('JWT seen for the first time')) / of('node:crypto verify, EdDSA')).toFixed(1)} %`,
          goal: '90 %',
        },
      ],
    },
  ]
}

const CALL = { client: { ipAddress: null, userAgent: null, requestId: 'bench' } }

/** @param rounds all of them, the one that warms up too */
async function variantsOf(mode: 'stateful' | 'stateless', rounds: number) {
  const { composeAuth } = await built<typeof import('../src/auth.js')>('auth.js')
  const { parseConfig } = await built<typeof import('../src/config/config.js')>('config/config.js')
  const config = parseConfig(
    {
      secret: 'a master key for benchmarks, never for anything else',
      storage: { url: 'sqlite::memory:' },
      limits: { enabled: false },
      auth: { mode, password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 } } },
    },
    { nodeEnv: 'production' },
  )
  const { auth, tokens, keyring } = await composeAuth(config)
  const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
  await auth.api.register(account)
  const texts: string[] = []
  for (let count = 0; count < SESSIONS; count++) texts.push((await auth.api.login(account)).accessToken)
  const headers = texts.map((token) => new Headers({ authorization: `Bearer ${token}` }))
  const label = mode === 'stateful' ? 'opaque' : 'JWT'

  const variants: Variant[] = [
    {
      name: `${label} in memory, token check alone`,
      async run() {
        for (let count = 0; count < BATCH; count++) {
          await tokens.authenticate(texts[count % SESSIONS] ?? '', null, CALL)
          if (count % TURN === 0) await setImmediate()
        }
        return BATCH
      },
    },
    {
      name: `${label} in memory, auth.authenticate(headers)`,
      async run() {
        for (let count = 0; count < BATCH; count++) {
          const given = headers[count % SESSIONS]
          if (given === undefined || (await auth.authenticate(given)) === null) throw new Error('refused')
          if (count % TURN === 0) await setImmediate()
        }
        return BATCH
      },
    },
  ]
  if (mode === 'stateless') variants.push(...(await coldVariants({ tokens, keyring, sample: texts[0] ?? '', rounds })))
  return { variants, close: () => auth.close() }
}

type Composition = Awaited<ReturnType<typeof import('../src/auth.js')['composeAuth']>>

/** Tokens that nobody has seen are made outside the time that is taken. */
async function coldVariants({
  tokens,
  keyring,
  sample,
  rounds,
}: Pick<Composition, 'tokens' | 'keyring'> & { readonly sample: string; readonly rounds: number }): Promise<Variant[]> {
  const { accessClaims, signAccessToken } =
    await built<typeof import('../src/features/tokens/token-jwt.js')>('features/tokens/token-jwt.js')
  const claims = accessClaims.parse(JSON.parse(Buffer.from(sample.split('.')[1] ?? '', 'base64url').toString()))
  const key = await keyring.signingKey()
  const fresh: string[] = []
  // Only the id differs: none of them is in any memory.
  for (let made = 0; made < rounds * COLD; made++)
    fresh.push(await signAccessToken(key, { ...claims, jti: `cold-${made}` }))
  const prepared = fresh.slice(0, COLD).map((text) => {
    const at = text.lastIndexOf('.')
    return { data: Buffer.from(text.slice(0, at), 'ascii'), signature: Buffer.from(text.slice(at + 1), 'base64url') }
  })
  return [
    {
      name: 'JWT seen for the first time',
      async run() {
        const batch = fresh.splice(0, COLD)
        for (const text of batch) await tokens.authenticate(text, null, CALL)
        return batch.length
      },
    },
    {
      name: 'node:crypto verify, EdDSA',
      async run() {
        for (const { data, signature } of prepared) {
          if (!verify(null, data, key.verificationKey, signature)) throw new Error('refused')
        }
        return prepared.length
      },
    },
  ]
}
