import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A module of the built program: what is measured in process is what is shipped, and not what tsx makes of the source. */
export async function built<Module extends object>(path: string): Promise<Module> {
  return import(pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', path)).href)
}
