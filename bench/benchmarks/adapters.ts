import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Benchmark, compare } from '../benchmark.js'
import { Child } from '../load/child.js'
import { assertAll, LOAD_CLIENT, loadResult, requestText } from '../load/load-job.js'
import { cpuOf } from '../load/process-cpu.js'
import { inRounds } from '../rounds.js'
import { ADAPTER_STACKS } from '../subjects/adapter-stacks.js'

const CONNECTIONS = 16
const SUBJECT = new URL('../subjects/adapters.ts', import.meta.url)

const server = z.object({ url: z.url(), token: z.string() })
const greeting = z.object({ bare: server, opaque: server, jwt: server })

const TOKENS = { opaque: 'opaque token', jwt: 'JWT' } as const

/** CPU of an application for a guarded request, warm, on top of what the same request costs the framework alone. */
export const benchmark: Benchmark = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const children: Child[] = []
  try {
    const stacks = Object.keys(ADAPTER_STACKS)
    const variants: { name: string; pid: number; url: string; token: string }[] = []
    for (const stack of stacks) {
      const { child, line } = await Child.start(SUBJECT, { options: { stack, folder } })
      children.push(child)
      const { bare, opaque, jwt } = greeting.parse(JSON.parse(line))
      for (const [guarded, token] of [
        [opaque, TOKENS.opaque],
        [jwt, TOKENS.jwt],
      ] as const) {
        // The same request to both: a long header costs its parsing, guarded or not.
        variants.push({ name: bareOf(stack, token), pid: child.pid, url: bare.url, token: guarded.token })
        variants.push({ name: `${stack}, ${token}`, pid: child.pid, ...guarded })
      }
    }
    const { child: client } = await Child.start(LOAD_CLIENT, { greets: false })
    children.push(client)
    const milliseconds = quick ? 300 : 1_000
    const plan = { rounds: quick ? 3 : 21, warmUp: { count: 8_000, milliseconds: quick ? 1_000 : 10_000 } }
    const figure = await inRounds(variants, plan, async ({ name, pid, url, token }) => {
      const before = cpuOf(pid)
      const requests = [requestText('GET', url, '/me', [`authorization: Bearer ${token}`])]
      const result = await client.ask({ url, requests, connections: CONNECTIONS, milliseconds, rate: null }, loadResult)
      assertAll(200, name, result)
      const { answered: count, milliseconds: took } = result
      return { count, cost: (cpuOf(pid) - before) / 1000 / count, rate: (count * 1000) / took }
    })

    const cost = (name: string) => figure(name, 'cost')
    const guarded = stacks.flatMap((stack) =>
      Object.values(TOKENS).map((token) => {
        const name = `${stack}, ${token}`
        const against = bareOf(stack, token)
        return { name, against, onTop: cost(name) - cost(against) }
      }),
    )
    return {
      tables: [
        {
          title: `Guarded routes of other frameworks, warm, ${CONNECTIONS} connections (median of ${plan.rounds} shuffled rounds of ${milliseconds} ms)`,
          rows: variants.map(({ name }) => ({
            what: name,
            'CPU µs a request': cost(name).toFixed(1),
            'on top of bare': guarded.find((one) => one.name === name)?.onTop.toFixed(1) ?? '',
            'requests a second': Math.round(figure(name, 'rate')).toLocaleString('en'),
          })),
        },
      ],
      comparisons: guarded.map(({ name, against }) =>
        compare('less', { what: name, unit: 'CPU µs a request', sallyport: cost(name), against, other: cost(against) }),
      ),
      readings: [{ goal: 'adapter-cost', value: Math.max(...guarded.map(({ onTop }) => onTop)) }],
    }
  } finally {
    for (const child of children) await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function bareOf(stack: string, token: string): string {
  return `${stack}, bare, ${token} sent`
}
