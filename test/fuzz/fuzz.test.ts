import { expect, it } from 'vitest'
import { createTestAuth } from '../../src/testing/index.js'
import { type FuzzReport, fuzz } from './run.js'

/** `npm run test:fuzz` sends more. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] || 40_000)
const SEED = Number(process.env['FUZZ_SEED'] || 20260101)
const MODES = ['stateful', 'stateless'] as const
const MEGABYTE = 2 ** 20
/** What the rows of new accounts, the log of failures and the feed of what ended may hold on to. */
const MOST_GROWTH = 24 * MEGABYTE

// ASVS 2.2.1, 16.5.1
it.each(MODES)(
  'a server in %s mode answers whatever is sent to any of its operations by its own document',
  async (mode) => {
    const auth = await createTestAuth({ config: { auth: { mode } } })
    try {
      const report = await fuzz(auth, { requests: Math.ceil(REQUESTS / MODES.length), seed: SEED })
      console.log(summaryOf(mode, report))
      expect(report.violations).toEqual([])
      expect(report.heap.end - report.heap.warm).toBeLessThan(MOST_GROWTH)
      // The legal twin: a server that refuses everything would pass as well.
      const { statuses, successes } = report
      for (const status of [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415]) {
        expect([status, statuses[status] ?? 0]).toEqual([status, expect.toSatisfy((count: number) => count > 0)])
      }
      expect(Object.keys(successes).length).toBeGreaterThan(report.operations * 0.7)
    } finally {
      await auth.close()
    }
  },
  3_600_000,
)

it.each<[string, (answer: Response) => Response, RegExp]>([
  ['fails', (answer) => (answer.status === 404 ? altered(answer, '{}', 500) : answer), /it failed/],
  ['lets everybody in', (answer) => (answer.status === 401 ? altered(answer, '{}', 200) : answer), /it was let in/],
  ['tells a token', (answer) => altered(answer, `"sps_${'A'.repeat(100)}"`), /it tells a secret/],
  ['answers what it does not describe', (answer) => altered(answer, null, 299), /not described/],
  ['forgets its headers', (answer) => new Response(answer.body, { status: answer.status }), /it has no x-content-type/],
])('a server that %s is found', async (_what, spoil, expected) => {
  const auth = await createTestAuth()
  try {
    const { violations } = await fuzz(auth, { requests: 200, seed: SEED, spoil })
    expect(violations.join('\n')).toMatch(expected)
  } finally {
    await auth.close()
  }
})

function altered({ headers, status }: Response, body: string | null, other = status): Response {
  const isBodiless = other === 204 || other === 304
  return new Response(isBodiless ? null : body, { status: other, headers })
}

function summaryOf(mode: string, { requests, seconds, operations, statuses, heap }: FuzzReport): string {
  const counts = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`)
  const [warm, end] = [heap.warm, heap.end].map((bytes) => (bytes / MEGABYTE).toFixed(1))
  return (
    `${mode}: ${requests} requests to ${operations} operations in ${seconds.toFixed(1)} s; ` +
    `${counts.join(', ')}; heap ${warm} MB warm, ${end} MB at the end`
  )
}
