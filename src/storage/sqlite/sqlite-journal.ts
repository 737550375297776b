import { fdatasyncSync, realpathSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { DatabaseUnavailable, UNANSWERED, UNKNOWN_OUTCOME } from '../database-error.js'

/** Of libuv's pool, where nobody says otherwise. */
const DEFAULT_THREADS = 4

/** False where hashes, as many at a time as there are cores, may hold every thread: then a sync would wait for a hash. */
export function hasSpareThread(size: string | undefined, cores: number): boolean {
  return (Number(size) || DEFAULT_THREADS) > cores
}

/**
 * The write-ahead log of a database. SQLite writes a commit into it (`synchronous=NORMAL`), and this brings it to the
 * disk, on a thread of its own: nobody but who waits for the commit waits for the disk. SQLite takes its locks on other
 * files, so that closing this one gives none of them up.
 */
export class SqliteJournal {
  readonly #file: FileHandle
  readonly #isBeside: boolean
  #failure: unknown = null

  /**
   * @param file open for writing, without which some systems sync nothing
   * @param isBeside false: the calling thread itself waits for the disk
   */
  constructor(file: FileHandle, isBeside: boolean) {
    this.#file = file
    this.#isBeside = isBeside
  }

  /**
   * @param path the database, which a connection has read in WAL mode: then its log is there
   * @throws DatabaseUnavailable
   */
  static async open(path: string): Promise<SqliteJournal> {
    const isBeside = hasSpareThread(process.env['UV_THREADPOOL_SIZE'], availableParallelism())
    try {
      return new SqliteJournal(await open(`${realpathSync(path)}-wal`, 'r+'), isBeside)
    } catch (error) {
      throw new DatabaseUnavailable(UNANSWERED, error)
    }
  }

  /**
   * Everything that was committed is on the disk when this resolves.
   * @throws DatabaseUnavailable
   */
  async sync(): Promise<void> {
    try {
      if (this.#isBeside) await this.#file.datasync()
      else fdatasyncSync(this.#file.fd)
    } catch (error) {
      this.#failure ??= error
    }
    if (this.#failure !== null) throw new DatabaseUnavailable(UNKNOWN_OUTCOME, this.#failure)
  }

  /**
   * After one failure a system forgets what it could not write, and later syncs succeed without it. What was committed
   * behind a hole in the log would be lost with it, so nothing is until the database is opened anew.
   * @throws DatabaseUnavailable
   */
  assertSound(): void {
    if (this.#failure !== null) throw new DatabaseUnavailable(UNANSWERED, this.#failure)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
