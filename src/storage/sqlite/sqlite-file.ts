import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseUnavailable, UNANSWERED } from '../database-error.js'

const LEAST_FREE_BYTES = 1024 * 1024

/** Makes the folder (0700) and the file (0600) where absent; SQLite gives its WAL the mode of the file. */
export function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o007) !== 0) chmodSync(path, mode & 0o770)
}

/**
 * Watches over the file that was opened: SQLite goes on in a file that was deleted or replaced, and all is lost.
 * @returns a check that throws DatabaseUnavailable when the file is not the one, or its disk is full
 */
export function watchFile(path: string): () => Promise<void> {
  const opened = statSync(path)
  return async () => {
    const [now, disk] = await Promise.all([stat(path), statfs(dirname(path))]).catch((error: unknown) => {
      throw new DatabaseUnavailable(UNANSWERED, error)
    })
    if (now.ino !== opened.ino || now.dev !== opened.dev) {
      throw new DatabaseUnavailable(UNANSWERED, new Error(`${path} was replaced while it was open`))
    }
    if (disk.bavail * disk.bsize < LEAST_FREE_BYTES) {
      throw new DatabaseUnavailable(UNANSWERED, new Error(`The disk of ${path} is full`))
    }
  }
}
