import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const run = promisify(execFile)

/** A change to one file of the copied source: `from` must stand in it exactly once. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

const exploration = z.object({
  schedules: z.int(),
  violations: z.array(z.object({ invariant: z.string(), detail: z.string() })),
})

/**
 * Plays schedules over a copy of the source with a fault in it, until one fails.
 * @throws Error where an edit does not fit: a fault that is not there proves nothing
 */
export async function explorePlanted(edits: readonly Edit[], schedules: number, seed: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-interleavings-'))
  try {
    for (const part of ['src', join('test', 'interleavings'), 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const { file, from, to } of edits) {
      const path = join(folder, 'src', file)
      const parts = readFileSync(path, 'utf8').split(from)
      if (parts.length !== 2) throw new Error(`${file} holds the text to change ${parts.length - 1} times`)
      writeFileSync(path, parts.join(to))
    }
    const entry = join(folder, 'test', 'interleavings', 'explore-process.ts')
    const given = ['--import', 'tsx', entry, String(schedules), String(seed)]
    const { stdout } = await run(process.execPath, given, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
    return exploration.parse(JSON.parse(stdout))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
