import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findPostgres, serverUser } from '../../test/databases/postgres-binaries.js'

/** pgbench beside the server that is used, or on PATH; null where there is none. */
export function findPgbench(): string | null {
  const beside = dirname(findPostgres(serverUser()).postgres)
  const folders = [beside, ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path)) ?? null
}

/** How many times a second so many connections run a script, prepared. @param file where the script may be written */
export async function runPgbench(
  pgbench: string,
  url: string,
  { script, file, connections, seconds }: { script: string; file: string; connections: number; seconds: number },
): Promise<number> {
  writeFileSync(file, script)
  const words = ['-n', '-M', 'prepared', '-c', String(connections), '-j', '1', '-T', String(seconds), '-f', file, url]
  const { stdout } = await promisify(execFile)(pgbench, words)
  const rate = Number(/tps = ([\d.]+) \(without/.exec(stdout)?.[1])
  if (!(rate > 0)) throw new Error(`pgbench says: ${stdout}`)
  return rate
}
