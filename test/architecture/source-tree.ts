import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceFile } from './source-module.js'

export const projectRoot = join(import.meta.dirname, '..', '..')

/** Every TypeScript file of `src/`. */
export function readSourceTree(): SourceFile[] {
  return filesUnder('src').map((path) => ({ path, source: readFileSync(join(projectRoot, path), 'utf8') }))
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesUnder(path)
    return /\.[cm]?tsx?$/.test(entry.name) ? [path] : []
  })
}
