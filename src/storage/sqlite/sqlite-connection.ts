import { setTimeout as sleep } from 'node:timers/promises'
import type { Bindable } from '../parameters.js'
import { FairMutex } from './fair-mutex.js'
import { isBusy, translateSqliteError } from './sqlite-error.js'
import type { Outcome, SqliteHandle } from './sqlite-handle.js'

const LONGEST_PAUSE = 25

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

  get inTransaction(): boolean {
    return this.#handle.inTransaction
  }

  acquire(patience?: number): Promise<void> {
    return this.#mutex.acquire(patience)
  }

  release(): void {
    this.#mutex.release()
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

  /** Runs one statement for who holds the turn. */
  async execute<Row>(
    sql: string,
    parameters: readonly Bindable[],
    patience: number = this.#patience,
  ): Promise<Outcome<Row>> {
    const deadline = performance.now() + patience
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return this.#handle.execute<Row>(sql, parameters)
      } catch (error) {
        // Inside a transaction the write lock is ours already, and only COMMIT may meet a reader.
        if (!isBusy(error) || performance.now() > deadline) throw translateSqliteError(error)
      }
      await sleep(pause * (0.5 + Math.random()))
    }
  }

  close(): void {
    this.#handle.close()
  }
}
