import { setTimeout as sleep } from 'node:timers/promises'
import type { Bindable } from '../parameters.js'
import { FairMutex } from './fair-mutex.js'
import { isBusy, translateSqliteError } from './sqlite-error.js'
import type { Outcome, SqliteHandle } from './sqlite-handle.js'

const LONGEST_PAUSE = 25
const READ = /^\s*(select|pragma)\b/i

/**
 * The one connection of the process and the turn at it. Another process's write lock is waited for in short pauses,
 * since SQLite's own waiting would hold the event loop.
 */
export class SqliteConnection {
  readonly #handle: SqliteHandle
  readonly #mutex: FairMutex
  readonly #patience: number

  /** @param patience milliseconds to wait for a turn, and again for another process's lock */
  constructor(handle: SqliteHandle, patience: number) {
    this.#handle = handle
    this.#mutex = new FairMutex(patience)
    this.#patience = patience
  }

  acquire(patience?: number): Promise<void> {
    return this.#mutex.acquire(patience)
  }

  release(): void {
    this.#mutex.release()
  }

  begin(patience?: number): Promise<void> {
    return this.#patiently(() => this.#handle.run('BEGIN IMMEDIATE'), patience)
  }

  commit(): Promise<void> {
    return this.#patiently(() => this.#handle.run('COMMIT'))
  }

  rollback(): void {
    // A full disk, for one, makes SQLite roll back by itself.
    if (this.#handle.inTransaction) this.#handle.run('ROLLBACK')
  }

  /** Runs one statement by itself, at once where nobody else is at work. */
  async alone<Row>(sql: string, parameters: readonly Bindable[]): Promise<Outcome<Row>> {
    if (!this.#mutex.tryAcquire()) await this.#mutex.acquire()
    try {
      return await this.execute<Row>(sql, parameters)
    } finally {
      this.#mutex.release()
    }
  }

  /**
   * Runs one statement for who holds the turn. One that writes gets a transaction of its own, since libsql does not
   * reset a statement that met another's lock, and every later read would see the database as it was then.
   */
  async execute<Row>(sql: string, parameters: readonly Bindable[]): Promise<Outcome<Row>> {
    if (this.#handle.inTransaction || READ.test(sql)) {
      return this.#patiently(() => this.#handle.execute<Row>(sql, parameters))
    }
    await this.begin()
    try {
      const outcome = await this.#patiently(() => this.#handle.execute<Row>(sql, parameters))
      await this.commit()
      return outcome
    } finally {
      this.rollback()
    }
  }

  /** Changes when another process has committed; undefined while a transaction of ours is open, or the file cannot be read. */
  dataVersion(): number | undefined {
    if (this.#handle.inTransaction) return undefined
    try {
      return this.#handle.execute<{ data_version: number }>('PRAGMA data_version', []).rows[0]?.data_version
    } catch {
      return undefined
    }
  }

  close(): void {
    this.#handle.close()
  }

  async #patiently<Result>(work: () => Result, patience: number = this.#patience): Promise<Result> {
    const deadline = performance.now() + patience
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw translateSqliteError(error)
      }
      await sleep(pause * (0.5 + Math.random()))
    }
  }
}
