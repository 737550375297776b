import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A change to one file of the copied source: `from` must stand in it exactly once. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A copy of the source in a folder of its own, to plant faults in: shipped code has no switches for them. */
export class SourceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-planted-'))

  /** @param parts files and folders of the project; `node_modules` is shared with it */
  constructor(parts: readonly string[]) {
    for (const part of parts) cpSync(join(ROOT, part), join(this.folder, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'))
  }

  /**
   * @returns what takes the edits out again
   * @throws Error where an edit does not fit: a fault that is not there proves nothing
   */
  plant(edits: readonly Edit[]): () => void {
    const before: (readonly [path: string, text: string])[] = []
    for (const { file, from, to } of edits) {
      const path = join(this.folder, 'src', file)
      const text = readFileSync(path, 'utf8')
      const parts = text.split(from)
      if (parts.length !== 2) throw new Error(`${file} holds the text to change ${parts.length - 1} times`)
      before.unshift([path, text])
      writeFileSync(path, parts.join(to))
    }
    return () => {
      for (const [path, text] of before) writeFileSync(path, text)
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
