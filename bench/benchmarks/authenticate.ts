import { type Benchmark, type Comparison, compare, type Reading } from '../benchmark.js'
import { Child } from '../load/child.js'
import { BETTER_AUTH_SUBJECT, betterAuthVariants, withoutPeers } from '../load/peers.js'
import { startStores } from '../load/stores.js'
import { done } from '../load/subject.js'
import { inRounds } from '../rounds.js'

/** Sessions that are asked about in turn. */
const SESSIONS = 1_000
const PEER_SESSIONS = 100
/** How many checks wait at the same time where a store is asked. */
const MANY = 32
/** Milliseconds after which nothing held is believed: longer where Redis must be filled meanwhile. */
const TRUST = { database: 1_000, redis: 2_000 }

interface Variant {
  readonly name: string
  readonly child: Child
  readonly work: string
  readonly atOnce: number
}

const AUTHENTICATE = new URL('../subjects/authenticate.ts', import.meta.url)
const MISSES = new URL('../subjects/misses.ts', import.meta.url)
const RAW_CLIENTS = new URL('../subjects/raw-clients.ts', import.meta.url)

const OPAQUE = 'Sallyport, opaque token, memory'
const JWT = 'Sallyport, JWT seen before, memory'
const COLD = 'Sallyport, JWT seen for the first time'
const FLOOR = 'SHA-256 and a look-up in a Map of 100,000'
const RAW_VERIFY = 'node:crypto verify, EdDSA'
const TIERS = [
  { tier: 'Redis', ours: 'Sallyport, session in Redis', raw: '@redis/client HGET', work: 'redis' },
  { tier: 'PostgreSQL', ours: 'Sallyport, session in PostgreSQL', raw: 'pg, named statement', work: 'postgres' },
  { tier: 'SQLite', ours: 'Sallyport, session in SQLite', raw: 'libsql, prepared statement', work: 'sqlite' },
] as const

/** Checks a second in process, for each mode and each tier that may hold the session. */
export const benchmark: Benchmark = async ({ quick, peersMissing }) => {
  const stores = await startStores()
  const children: Child[] = []
  const start = async (file: URL, options: object) => {
    const { child } = await Child.start(file, { options, env: { UV_THREADPOOL_SIZE: '16' } })
    children.push(child)
    return child
  }
  try {
    const ours = { redis: null, sessions: SESSIONS, url: 'sqlite::memory:' }
    const stateful = await start(AUTHENTICATE, { ...ours, mode: 'stateful' })
    const stateless = await start(AUTHENTICATE, { ...ours, mode: 'stateless' })
    const sessions = quick ? 1_000 : 4_000
    const missing = { mode: 'stateful', redis: null, sessions, trust: TRUST.database }
    const urls = {
      redis: await stores.database('ours_redis'),
      postgres: await stores.database('ours'),
      sqlite: `sqlite:${stores.file('ours.db')}`,
    }
    const [inRedis, inPostgres, inSqlite] = await Promise.all([
      start(MISSES, { ...missing, url: urls.redis, redis: stores.redis.url, trust: TRUST.redis }),
      start(MISSES, { ...missing, url: urls.postgres }),
      start(MISSES, { ...missing, url: urls.sqlite }),
    ])
    const nodes = { redis: inRedis, postgres: inPostgres, sqlite: inSqlite }
    const raw = await start(RAW_CLIENTS, { ...urls, redis: stores.redis.url, sessions })
    const variants: Variant[] = [
      { name: OPAQUE, child: stateful, work: 'check', atOnce: 1 },
      { name: 'Sallyport, opaque token, the token check alone', child: stateful, work: 'token', atOnce: 1 },
      { name: FLOOR, child: stateful, work: 'floor', atOnce: 1 },
      { name: JWT, child: stateless, work: 'check', atOnce: 1 },
      { name: COLD, child: stateless, work: 'cold', atOnce: 1 },
      { name: RAW_VERIFY, child: stateless, work: 'raw', atOnce: 1 },
    ]
    for (const { ours, raw: name, work } of TIERS) {
      const atOnce = work === 'sqlite' ? 1 : MANY
      variants.push({ name: ours, child: nodes[work], work: 'miss', atOnce })
      variants.push({ name, child: raw, work, atOnce })
    }
    const peers = peersMissing === null ? (await startPeers()).flatMap(inBothWays) : []
    variants.push(...peers)

    const hitsBefore = await redisHits()
    let lookUps = 0
    const milliseconds = quick ? 100 : 500
    const plan = { rounds: quick ? 3 : 15, warmUp: { count: 4_000, milliseconds: quick ? 700 : 5_000 } }
    const figure = await inRounds(variants, plan, async ({ name, child, work, atOnce }) => {
      const { count, milliseconds: took, cpu } = await child.ask({ work, atOnce, milliseconds }, done)
      if (name === TIERS[0].ours || name === TIERS[0].raw) lookUps += count
      return { count, rate: (count * 1000) / took, cost: cpu / count }
    })
    // Were they answered by the database after all, this would be another benchmark.
    const hits = (await redisHits()) - hitsBefore
    if (hits < 0.98 * lookUps) throw new Error(`Redis was asked ${lookUps} times, and had it ${hits} times`)

    const rate = (name: string) => figure(name, 'rate')
    const cost = (name: string) => figure(name, 'cost')
    /** What never waits is held against each other by its own work, which a busy machine does not change. */
    const byCost = (what: string, ours: string, against: string) =>
      compare('less', { what, unit: 'CPU µs a check', sallyport: cost(ours), against, other: cost(against) })
    const byRate = (what: string, ours: string, against: string) =>
      compare('more', { what, unit: 'checks a second', sallyport: rate(ours), against, other: rate(against) })
    const comparisons: Comparison[] = [
      byCost('Authenticate in process, stateful, memory', OPAQUE, FLOOR),
      byCost('Authenticate in process, stateless, first sight', COLD, RAW_VERIFY),
      ...TIERS.map(({ tier, ours, raw }) => byRate(`Authenticate in process, stateful, ${tier}`, ours, raw)),
    ]
    for (const { name, tier } of peers) {
      comparisons.push(byCost('Authenticate in process, stateful, memory', OPAQUE, name))
      comparisons.push(byCost('Authenticate in process, stateless, memory', JWT, name))
      const same = TIERS.find((one) => one.tier === tier)
      if (same) comparisons.push(byRate(`Authenticate in process, stateful, ${same.tier}`, same.ours, name))
    }
    const readings: Reading[] = [
      { goal: 'authenticate-stateful', value: 1e6 / cost(OPAQUE) },
      { goal: 'authenticate-stateless', value: 1e6 / cost(JWT) },
      { goal: 'authenticate-cold-jwt', value: cost(RAW_VERIFY) / cost(COLD) },
      { goal: 'miss-redis', value: rate(TIERS[0].ours) / rate(TIERS[0].raw) },
      { goal: 'miss-postgres', value: rate(TIERS[1].ours) / rate(TIERS[1].raw) },
    ]
    if (peers.length > 0) {
      const bestPeer = Math.min(...peers.map(({ name }) => cost(name)))
      readings.push({ goal: 'authenticate-best-peer', value: bestPeer / Math.max(cost(OPAQUE), cost(JWT)) })
    }
    return {
      tables: [
        {
          title: `Authenticate in process (median of ${plan.rounds} shuffled rounds)`,
          rows: variants.map(({ name, atOnce }) => ({
            what: name,
            'at once': atOnce,
            'a second': Math.round(rate(name)).toLocaleString('en'),
            'CPU µs each': figure(name, 'cost').toFixed(2),
          })),
        },
      ],
      comparisons,
      readings,
      notMeasured: withoutPeers(peersMissing, 'Authenticate in process'),
    }
  } finally {
    for (const child of children) await child.stop()
    await stores.stop()
  }

  async function startPeers() {
    const variants = betterAuthVariants({
      file: stores.file,
      postgres: await stores.database('better_auth'),
      redis: stores.redis.url,
    })
    return Promise.all(
      variants.map(async ({ name, options }) => ({
        name,
        tier: name.split(', ')[1] ?? '',
        child: await start(BETTER_AUTH_SUBJECT, { ...options, sessions: PEER_SESSIONS }),
      })),
    )
  }

  async function redisHits(): Promise<number> {
    return Number(/keyspace_hits:(\d+)/.exec(await stores.redis.cli('info', 'stats'))?.[1])
  }
}

/** Its SQLite and its cookie cache never wait, so that more at once only shows with the others; both are measured. */
function inBothWays<Peer extends { readonly name: string }>(peer: Peer) {
  return [1, 16].map((atOnce) => ({ ...peer, name: `${peer.name}, ${atOnce} at once`, work: 'check', atOnce }))
}
