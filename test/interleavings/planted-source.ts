import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { type Edit, SourceCopy } from '../planting/source-copy.js'

const run = promisify(execFile)

const exploration = z.object({
  schedules: z.int(),
  violations: z.array(z.object({ invariant: z.string(), detail: z.string() })),
})

/**
 * Plays schedules over a copy of the source with a fault in it, until one fails.
 * @throws Error where an edit does not fit
 */
export async function explorePlanted(edits: readonly Edit[], schedules: number, seed: number) {
  const copy = new SourceCopy(['src', 'test', 'package.json', 'tsconfig.json'])
  try {
    copy.plant(edits)
    const entry = join(copy.folder, 'test', 'interleavings', 'explore-process.ts')
    const given = ['--import', 'tsx', entry, String(schedules), String(seed)]
    const { stdout } = await run(process.execPath, given, { cwd: copy.folder, maxBuffer: 64 * 1024 * 1024 })
    return exploration.parse(JSON.parse(stdout))
  } finally {
    copy.remove()
  }
}
