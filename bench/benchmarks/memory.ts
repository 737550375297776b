import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Benchmark } from '../benchmark.js'
import { Child } from '../load/child.js'

const SUBJECT = new URL('../subjects/memory.ts', import.meta.url)
const measured = z.object({ bytes: z.number(), held: z.int() })

/** No more verified JWTs than these are remembered at a time. */
const MOST_TOKENS = 40_000

/** What a session in memory takes of the heap and beside it, its token's mark included, after a full collection. */
export const benchmark: Benchmark = async ({ quick, count }) => {
  const most = count ?? (quick ? 40_000 : 100_000)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const found: { mode: 'stateful' | 'stateless'; sessions: number; bytes: number }[] = []
  try {
    for (const mode of ['stateful', 'stateless'] as const) {
      const sessions = mode === 'stateful' ? most : Math.min(most, MOST_TOKENS)
      const options = { mode, url: `sqlite:${join(folder, `${mode}.db`)}`, redis: null }
      const { child } = await Child.start(SUBJECT, { options, flags: ['--expose-gc'] })
      const { bytes, held } = await child.ask({ sessions }, measured)
      await child.stop()
      if (held !== sessions) throw new Error(`${held} of ${sessions} sessions are in memory`)
      found.push({ mode, sessions, bytes })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const bytes = Math.max(...found.map((one) => one.bytes))
  return {
    tables: [
      {
        title: 'Memory of what is cached',
        rows: found.map(({ mode, sessions, bytes }) => ({
          what: mode === 'stateful' ? 'a session and its opaque token' : 'a JWT that was seen',
          'how many': sessions.toLocaleString('en'),
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
