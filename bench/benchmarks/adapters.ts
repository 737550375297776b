import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Benchmark, compare } from '../benchmark.js'
import { Child } from '../load/child.js'
import { assertAll, requestText } from '../load/load-job.js'
import { SLICE_CLIENT, type SliceResult, slicesResult } from '../load/slice-job.js'
import { type Paired, pair, type Round } from '../pairs.js'
import { ADAPTER_STACKS } from '../subjects/adapter-stacks.js'

/** Enough that the server always has the next request waiting: one that sleeps in between is woken at its own cost. */
const CONNECTIONS = 32
const SUBJECT = new URL('../subjects/adapters.ts', import.meta.url)

const greeting = z.object({ url: z.url(), token: z.string() })

const MODES = {
  stateful: { token: 'opaque token', word: 'opaque' },
  stateless: { token: 'JWT', word: 'jwt' },
} as const

type Route = '/bare' | '/idle' | '/guarded'

interface Measured {
  readonly name: string
  readonly guarded: Paired
  readonly idle: Paired
  /** Share of a core that the server had while it answered. */
  readonly busy: number
}

/** CPU of an application for a guarded request, warm, on top of what the same request costs the framework alone. */
export const benchmark: Benchmark = async ({ quick, only }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const { child: client } = await Child.start(SLICE_CLIENT, { greets: false })
  const plan = quick
    ? { requests: 800, warmUp: 8, rounds: 14, idle: 4 }
    : { requests: 1_500, warmUp: 50, rounds: 120, idle: 30 }

  async function measure(stack: string, mode: keyof typeof MODES): Promise<Measured> {
    const { child, line } = await Child.start(SUBJECT, { options: { stack, mode, folder } })
    const { pid } = child
    const { url, token } = greeting.parse(JSON.parse(line))
    const spent: SliceResult[] = []
    // The same header to all: a long one costs its parsing, guarded or not.
    const request = (route: Route) => ({
      url,
      text: requestText('GET', url, route, [`authorization: Bearer ${token}`]),
    })

    async function slices(...routes: readonly Route[]): Promise<readonly number[]> {
      const job = { pid, slices: routes.map(request), connections: CONNECTIONS, requests: plan.requests }
      const results = await client.ask(job, slicesResult)
      for (const result of results) assertAll(200, `${stack}, one of ${routes.join(' ')}`, result)
      spent.push(...results)
      return results.map(costOf)
    }

    async function pairs(count: number, first: Route, second: Route): Promise<Paired> {
      const rounds: Round[] = []
      while (rounds.length < count) {
        const [one = 0, other = 0, again = 0, last = 0] = await slices(first, second, second, first)
        rounds.push([one, other, again, last])
      }
      return pair(rounds)
    }

    try {
      for (let round = 0; round < plan.warmUp; round++) await slices('/bare', '/guarded', '/idle', '/guarded')
      const guarded = await pairs(plan.rounds, '/bare', '/guarded')
      const idle = await pairs(plan.idle, '/bare', '/idle')
      const busy = sum(spent.map(({ cpu }) => cpu)) / sum(spent.map(({ milliseconds }) => milliseconds * 1000))
      return { name: `${stack}, ${MODES[mode].token}`, guarded, idle, busy }
    } finally {
      await child.stop()
    }
  }

  try {
    const measured: Measured[] = []
    for (const stack of Object.keys(ADAPTER_STACKS)) {
      for (const mode of ['stateful', 'stateless'] as const) {
        const words: readonly string[] = [stack, MODES[mode].word]
        if (only.every((word) => words.includes(word))) measured.push(await measure(stack, mode))
      }
    }
    return {
      tables: [
        {
          title: `Guarded routes of other frameworks, warm: CPU µs a request (${plan.rounds} rounds of two slices each of ${plan.requests} requests)`,
          rows: measured.map(({ name, guarded, idle, busy }) => ({
            what: name,
            bare: guarded.first.toFixed(1),
            guarded: guarded.second.toFixed(1),
            'on top of bare': guarded.difference.toFixed(2),
            '95 % interval': guarded.interval.map((end) => end.toFixed(2)).join(' to '),
            'idle handlers on top of bare': idle.difference.toFixed(2),
            'of a core': busy.toFixed(2),
          })),
        },
      ],
      comparisons: measured.map(({ name, guarded }) =>
        compare('less', {
          what: name,
          unit: 'CPU µs a request',
          sallyport: guarded.first + guarded.difference,
          against: 'the framework alone, the same token sent',
          other: guarded.first,
        }),
      ),
      readings: [{ goal: 'adapter-cost', value: Math.max(...measured.map(({ guarded }) => guarded.difference)) }],
    }
  } finally {
    await client.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU µs a request. */
function costOf({ cpu, statuses }: SliceResult): number {
  return cpu / sum(Object.values(statuses))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
