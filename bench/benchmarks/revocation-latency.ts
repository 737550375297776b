import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Benchmark, Reading, Table } from '../benchmark.js'
import { HttpConnection } from '../load/http-connection.js'
import { startStores } from '../load/stores.js'
import { percentile } from '../statistics.js'
import { ACCOUNT } from '../subjects/composition.js'
import { type ServerOptions, startServers } from '../subjects/servers.js'

/** Sessions that are probed and ended at the same time. */
const WORKERS = 2
/** Milliseconds between two probes of one session. */
const PERIOD = 2
/** Probes before the end, and after the first refusal. */
const BEFORE = 5
const AFTER = 10
/** Milliseconds after which a session that is still honoured is given up on. */
const PATIENCE = 10_000

const signedIn = z.object({ access_token: z.string() })

interface Run {
  /** From the receipt of the 204 at A to the receipt of the last 200 at B, milliseconds; negative where none came after. */
  readonly delays: readonly number[]
  /** The same to the sending of the last probe that was honoured. */
  readonly sent: readonly number[]
  /** Honoured again after a refusal, or at the end of all. */
  readonly cameBack: number
  readonly probes: number
  readonly errors: number
}

/** By what the second server hears of the end. */
const WAYS = ['redis', 'notify', 'sqlite'] as const

/** How long a session that was ended at server A is still honoured by server B, whose memory holds it. */
export const benchmark: Benchmark = async ({ quick, count, only }) => {
  const revocations = count ?? (quick ? 60 : 10_000)
  const rows: Table['rows'][number][] = []
  const slowest = new Map<(typeof WAYS)[number], { p99: number; p100: number }>()
  const stores = await startStores()
  try {
    for (const way of WAYS) {
      for (const mode of ['stateful', 'stateless'] as const) {
        const words = [way, mode, ...(way === 'notify' ? ['postgres'] : [])]
        if (!only.every((word) => words.includes(word))) continue
        const database = way === 'sqlite' ? {} : { databaseUrl: await stores.database(`${way}_${mode}`) }
        const hints = way === 'redis' ? { redis: stores.redis.url } : {}
        const run = await measure({ mode, count: 2, ...database, ...hints }, revocations)
        const [p99, p100] = [Math.max(0, percentile(run.delays, 0.99)), Math.max(0, percentile(run.delays, 1))]
        const before = slowest.get(way) ?? { p99: 0, p100: 0 }
        slowest.set(way, { p99: Math.max(p99, before.p99), p100: Math.max(p100, before.p100) })
        rows.push({
          'heard by': way,
          mode,
          revocations: run.delays.length,
          probes: run.probes,
          'none honoured after the 204': `${((100 * run.delays.filter((delay) => delay <= 0).length) / run.delays.length).toFixed(1)} %`,
          'p50 ms': shown(run.delays, 0.5),
          'p99 ms': shown(run.delays, 0.99),
          'p99.9 ms': shown(run.delays, 0.999),
          'p100 ms': shown(run.delays, 1),
          'sent, p99 ms': shown(run.sent, 0.99),
          'sent, p100 ms': shown(run.sent, 1),
          'came back': run.cameBack,
          'other answers': run.errors,
        })
      }
    }
  } finally {
    await stores.stop()
  }
  const [redis, notify] = [slowest.get('redis'), slowest.get('notify')]
  const readings: Reading[] = []
  if (redis) readings.push({ goal: 'revocation-redis-p99', value: redis.p99 })
  if (notify) readings.push({ goal: 'revocation-notify-p99', value: notify.p99 })
  if (redis || notify) {
    readings.push({ goal: 'revocation-p100', value: Math.max(redis?.p100 ?? 0, notify?.p100 ?? 0) })
  }
  return {
    tables: [
      {
        title: `Ended at A, last honoured at B (${WORKERS} sessions at a time, each probed every ${PERIOD} ms; from the 204 to the answer of the last probe that was honoured, and to its sending)`,
        rows,
      },
    ],
    readings,
  }
}

function shown(delays: readonly number[], share: number): string {
  return Math.max(0, percentile(delays, share)).toFixed(1)
}

async function measure(options: ServerOptions, revocations: number): Promise<Run> {
  const servers = await startServers(options)
  const [a = '', b = ''] = servers.urls
  const delays: number[] = []
  const sent: number[] = []
  const ended: string[] = []
  let left = revocations
  let cameBack = 0
  let probes = 0
  let errors = 0

  async function work(): Promise<void> {
    const [atA, atB] = [await HttpConnection.open(a), await HttpConnection.open(b)]
    while (left-- > 0) {
      const login = await atA.send('POST', '/auth/login', null, ACCOUNT)
      const { access_token: token } = signedIn.parse(JSON.parse(login.body))
      const found = await watchTheEnd(atA, atB, token)
      delays.push(found.delay)
      sent.push(found.sent)
      ended.push(token)
      cameBack += found.cameBack
      probes += found.probes
      errors += found.errors
    }
    atA.close()
    atB.close()
  }

  try {
    const first = await HttpConnection.open(a)
    await first.send('POST', '/auth/register', null, ACCOUNT)
    first.close()
    await Promise.all(Array.from({ length: WORKERS }, work))
    const atB = await HttpConnection.open(b)
    for (const token of ended) if ((await atB.send('GET', '/auth/verify', token)).status === 200) cameBack++
    atB.close()
  } finally {
    await servers.stop()
  }
  return { delays, sent, cameBack, probes, errors }
}

async function watchTheEnd(atA: HttpConnection, atB: HttpConnection, token: string) {
  let probes = 0
  let errors = 0
  let cameBack = 0
  let accepted = 0
  let lastAccepted = Number.NEGATIVE_INFINITY
  let lastSent = Number.NEGATIVE_INFINITY
  let refused = 0
  const open = new Set<Promise<void>>()
  const probe = () => {
    probes++
    const sentAt = performance.now()
    const sent = atB.send('GET', '/auth/verify', token).then(({ status, at }) => {
      if (status === 200) {
        accepted++
        lastAccepted = at
        lastSent = sentAt
        if (refused > 0) cameBack++
      } else if (status === 401) refused++
      else errors++
    })
    open.add(sent)
    void sent.finally(() => open.delete(sent))
  }

  const timer = setInterval(probe, PERIOD)
  try {
    while (accepted < BEFORE) await sleep(1)
    const { status, at: ackedAt } = await atA.send('POST', '/auth/logout', token)
    if (status !== 204) throw new Error(`The sign-out was answered ${status}`)
    while (refused < AFTER) {
      if (performance.now() - ackedAt > PATIENCE) throw new Error('A session that was ended is honoured for ever')
      await sleep(1)
    }
    clearInterval(timer)
    await Promise.all(open)
    return { delay: lastAccepted - ackedAt, sent: lastSent - ackedAt, cameBack, probes, errors }
  } finally {
    clearInterval(timer)
  }
}
