import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The built program, as `npm test` leaves it. */
export const PROGRAM = join(ROOT, 'dist', 'cli', 'bin.cjs')

/** What it is made from: one file for each of the source. */
const COMPILED = join(ROOT, '.cache', 'compiled')

/** A change to one file of a copied program: `from` must stand in it exactly once. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A copy of the compiled program with faults planted in it, to see that they are found. */
export interface PlantedProgram {
  readonly path: string
  remove(): void
}

/** @throws Error where an edit does not fit: a fault that is not there proves nothing */
export function plant(edits: readonly Edit[]): PlantedProgram {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-planted-'))
  cpSync(COMPILED, join(folder, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const { file, from, to } of edits) {
    const path = join(folder, 'dist', file)
    const parts = readFileSync(path, 'utf8').split(from)
    if (parts.length !== 2) {
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`${file} holds the text to change ${parts.length - 1} times`)
    }
    writeFileSync(path, parts.join(to))
  }
  return {
    path: join(folder, 'dist', 'cli', 'bin.cjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
