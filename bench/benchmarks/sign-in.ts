import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { type Benchmark, type Comparison, compare, type Reading } from '../benchmark.js'
import { Child } from '../load/child.js'
import { assertAll, LOAD_CLIENT, loadResult, requestText } from '../load/load-job.js'
import { LoopDelay } from '../load/loop-delay.js'
import { BETTER_AUTH, BETTER_AUTH_SERVER, betterAuthVariants, post, withoutPeers } from '../load/peers.js'
import { cpuOf } from '../load/process-cpu.js'
import { type Stores, startStores } from '../load/stores.js'
import { done } from '../load/subject.js'
import { shown } from '../report.js'
import { inRounds } from '../rounds.js'
import { median } from '../statistics.js'
import { ACCOUNT } from '../subjects/composition.js'
import { startServers } from '../subjects/servers.js'

const AT_ONCE = 64
/** Of what the hash allows. */
const FLOOD = 10
const FLOOD_CONNECTIONS = 512
const PRESET = 'argon2id 19 MiB, t=2, p=1'
const OURS = `Sallyport, ${PRESET}`
const PEER = `${BETTER_AUTH}, its scrypt`
const HASH = `@node-rs/argon2 alone, ${PRESET}`
const signedIn = z.object({ access_token: z.string() })
const probed = z.object({ p50: z.number(), p99: z.number(), answered: z.int() })

/** Sign-ins a second with the hash that is the default, and what a flood of them does to everybody else. */
export const benchmark: Benchmark = async ({ quick, peersMissing }) => {
  const stores = await startStores()
  const children: Child[] = []
  const loop = new LoopDelay(stores.file('loop-delay'))
  const servers = await startServers({ mode: 'stateful', realHash: true, env: loop.env })
  const [url = '', pid = 0] = [servers.urls[0], servers.pids[0]]
  const start = async (file: URL, launch: Parameters<typeof Child.start>[1]) => {
    const started = await Child.start(file, launch)
    children.push(started.child)
    return started
  }
  try {
    const { child: hashes } = await start(new URL('../subjects/hashes.ts', import.meta.url), {
      env: { UV_THREADPOOL_SIZE: '16' },
    })
    const { child: client } = await start(LOAD_CLIENT, { greets: false })
    const answer = await post(`${url}/auth/register`, ACCOUNT)
    const token = signedIn.parse(await answer.json()).access_token
    const variants = [{ name: OURS, url, pid, request: requestText('POST', url, '/auth/login', [], ACCOUNT) }]
    if (peersMissing === null) variants.push(await startPeer(stores, start))

    const cores = availableParallelism()
    const milliseconds = quick ? 1_000 : 5_000
    const plan = { rounds: quick ? 3 : 7, warmUp: { count: 1, milliseconds } }
    const figure = await inRounds([...variants, { name: HASH }], plan, async (variant) => {
      if (!('url' in variant)) {
        const {
          count,
          milliseconds: took,
          cpu,
        } = await hashes.ask({ work: 'verify', atOnce: cores, milliseconds }, done)
        return { count, rate: (count * 1000) / took, cost: cpu / count, load: 0, p50: Number.NaN, p99: Number.NaN }
      }
      const [before, loadBefore] = [cpuOf(variant.pid), cpuOf(client.pid)]
      const job = { url: variant.url, requests: [variant.request], connections: AT_ONCE, milliseconds, rate: null }
      const result = await client.ask(job, loadResult)
      assertAll(200, variant.name, result)
      const cost = (cpuOf(variant.pid) - before) / 1000 / result.answered
      const load = (cpuOf(client.pid) - loadBefore) / 1000 / result.answered
      const { answered: count, milliseconds: took, p50, p99 } = result
      return { count, rate: (count * 1000) / took, cost, load, p50, p99 }
    })

    const rate = (name: string) => figure(name, 'rate')
    const flood = await playFlood({ rate: FLOOD * rate(HASH), rounds: quick ? 3 : 7, milliseconds })
    const unit = 'sign-ins a second'
    const comparisons: Comparison[] = [
      compare('more', { what: 'Sign-in', unit, sallyport: rate(OURS), against: HASH, other: rate(HASH) }),
    ]
    if (peersMissing === null) {
      comparisons.push(
        compare('more', { what: 'Sign-in', unit, sallyport: rate(OURS), against: PEER, other: rate(PEER) }),
      )
    }
    const what = 'GET /auth/verify, p99 in a ten-fold login flood'
    comparisons.push(
      compare('less', {
        what,
        unit: 'ms',
        sallyport: flood.busy.p99,
        against: 'the same server, idle',
        other: flood.idle.p99,
      }),
    )
    const readings: Reading[] = [
      { goal: 'sign-in-share', value: rate(OURS) / rate(HASH) },
      { goal: 'flood-loop-delay', value: flood.loop.p99 },
      { goal: 'flood-authenticate', value: flood.busy.p99 / flood.idle.p99 },
    ]
    return {
      tables: [
        {
          title: `Sign-ins, ${AT_ONCE} at once, the hash alone ${cores} at once (median of ${plan.rounds} shuffled rounds of ${milliseconds} ms)`,
          rows: [...variants, { name: HASH }].map(({ name }) => ({
            what: name,
            'a second': rate(name).toFixed(1),
            'CPU ms each': (figure(name, 'cost') / 1000).toFixed(2),
            // It has no cores of its own.
            'of the client': (figure(name, 'load') / 1000).toFixed(2),
            'p50 ms': shown(figure(name, 'p50'), 0),
            'p99 ms': shown(figure(name, 'p99'), 0),
          })),
        },
        {
          title: `A flood of ${Math.round(FLOOD * rate(HASH))} logins a second (${FLOOD} times what the hash allows), seen by who asks GET /auth/verify every 2 ms`,
          rows: [
            { when: 'idle', ...floodCells(flood.idle, flood.idleLoop), logins: '' },
            { when: 'flood', ...floodCells(flood.busy, flood.loop), logins: flood.logins },
          ],
        },
      ],
      comparisons,
      readings,
      notMeasured: withoutPeers(peersMissing, 'Sign-in'),
    }

    async function playFlood(given: { rate: number; rounds: number; milliseconds: number }) {
      const { child: prober } = await start(new URL('../load/probe-client.ts', import.meta.url), { greets: false })
      const job = { url, path: '/auth/verify', token, milliseconds: given.milliseconds }
      const rounds: { idle: Seen; busy: Seen; statuses: Readonly<Record<string, number>> }[] = []
      for (let round = 0; round < given.rounds; round++) {
        await loop.read(pid)
        const idle = { probe: await prober.ask(job, probed), loop: await loop.read(pid) }
        const flooding = client.ask(
          {
            url,
            requests: [requestText('POST', url, '/auth/login', [], ACCOUNT)],
            connections: FLOOD_CONNECTIONS,
            milliseconds: given.milliseconds,
            rate: given.rate,
          },
          loadResult,
        )
        const busy = { probe: await prober.ask(job, probed), loop: await loop.read(pid) }
        rounds.push({ idle, busy, statuses: (await flooding).statuses })
      }
      const middle = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick))
      const both = (of: 'idle' | 'busy', what: keyof Seen) => ({
        p50: middle((round) => round[of][what].p50),
        p99: middle((round) => round[of][what].p99),
      })
      return {
        idle: both('idle', 'probe'),
        idleLoop: both('idle', 'loop'),
        busy: both('busy', 'probe'),
        loop: both('busy', 'loop'),
        logins: Object.entries(rounds.at(-1)?.statuses ?? {})
          .map(([status, count]) => `${count} × ${status}`)
          .join(', '),
      }
    }
  } finally {
    for (const child of children) await child.stop()
    await servers.stop()
    await stores.stop()
  }
}

interface Times {
  readonly p50: number
  readonly p99: number
}

interface Seen {
  readonly probe: Times
  readonly loop: Times
}

function floodCells(probe: Times, loop: Times) {
  return {
    'verify p50 ms': probe.p50.toFixed(2),
    'verify p99 ms': probe.p99.toFixed(2),
    'event loop late, p99 ms': loop.p99.toFixed(2),
  }
}

async function startPeer(stores: Stores, start: (file: URL, launch: object) => ReturnType<typeof Child.start>) {
  const [variant] = betterAuthVariants({ file: stores.file, postgres: '', redis: '' })
  const options = { ...variant?.options, cheapHash: false }
  const { child, line: url } = await start(BETTER_AUTH_SERVER, { options })
  await post(`${url}/api/auth/sign-up/email`, { name: 'Ada', ...ACCOUNT })
  return { name: PEER, url, pid: child.pid, request: requestText('POST', url, '/api/auth/sign-in/email', [], ACCOUNT) }
}
