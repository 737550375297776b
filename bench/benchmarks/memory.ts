import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Benchmark } from '../benchmark.js'
import { Child } from '../load/child.js'

const SUBJECT = new URL('../subjects/memory.ts', import.meta.url)
const measured = z.object({ bytes: z.number(), held: z.int() })

/** What a session in memory takes of the heap and beside it, its token's mark included, after a full collection. */
export const benchmark: Benchmark = async ({ quick, count }) => {
  const sessions = count ?? (quick ? 10_000 : 40_000)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const found: { mode: 'stateful' | 'stateless'; bytes: number }[] = []
  try {
    for (const mode of ['stateful', 'stateless'] as const) {
      const options = { mode, url: `sqlite:${join(folder, `${mode}.db`)}`, redis: null }
      const { child } = await Child.start(SUBJECT, { options, flags: ['--expose-gc'] })
      const { bytes, held } = await child.ask({ sessions }, measured)
      await child.stop()
      if (held !== sessions) throw new Error(`${held} of ${sessions} sessions are in memory`)
      found.push({ mode, bytes })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const bytes = Math.max(...found.map((one) => one.bytes))
  return {
    tables: [
      {
        title: `Memory of what is cached, ${sessions.toLocaleString('en')} sessions`,
        rows: found.map(({ mode, bytes }) => ({
          what: mode === 'stateful' ? 'a session and its opaque token' : 'a JWT that was seen',
          bytes: Math.round(bytes),
          'MiB for 1,000,000, reckoned': ((bytes * 1e6) / 2 ** 20).toFixed(0),
        })),
      },
    ],
    readings: [
      { goal: 'session-bytes', value: bytes },
      { goal: 'million-sessions', value: (bytes * 1e6) / 2 ** 20 },
    ],
  }
}
