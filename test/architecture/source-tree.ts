import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceFile } from './source-module.js'

export const projectRoot = join(import.meta.dirname, '..', '..')

/** Every TypeScript file of `src/`. */
export function readSourceTree(): SourceFile[] {
  return filesUnder('src', /\.[cm]?tsx?$/).map((path) => ({
    path,
    source: readFileSync(join(projectRoot, path), 'utf8'),
  }))
}

/** The files below a folder whose names match, as paths from the project's folder. */
export function filesUnder(folder: string, names: RegExp): string[] {
  return readdirSync(join(projectRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesUnder(path, names)
    return names.test(entry.name) ? [path] : []
  })
}
