import { expect, it } from 'vitest'
import { createTestAuth } from '../../src/testing/index.js'
import { type FuzzReport, fuzz } from './run.js'

/** In each mode. `npm run test:fuzz` sends more. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] || 50_000)
const SEED = Number(process.env['FUZZ_SEED'] || 20260101)
const MEGABYTE = 2 ** 20
/** What the rows of new accounts, the log of failures and the feed of what ended may hold on to. */
const MOST_GROWTH = 24 * MEGABYTE

/** A file for each mode, since files run side by side. */
export function fuzzMode(mode: 'stateful' | 'stateless'): void {
  it(`answers whatever is sent to any of its operations by its own document`, async () => {
    const auth = await createTestAuth({ config: { auth: { mode } } })
    try {
      const report = await fuzz(auth, { requests: REQUESTS, seed: SEED })
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
  }, 3_600_000)
}

function summaryOf(mode: string, { requests, seconds, operations, statuses, heap }: FuzzReport): string {
  const counts = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`)
  const [warm, end] = [heap.warm, heap.end].map((bytes) => (bytes / MEGABYTE).toFixed(1))
  return (
    `${mode}: ${requests} requests to ${operations} operations in ${seconds.toFixed(1)} s; ` +
    `${counts.join(', ')}; heap ${warm} MB warm, ${end} MB at the end`
  )
}
