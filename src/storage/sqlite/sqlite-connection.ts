import { setTimeout as sleep } from 'node:timers/promises'
import type { Bindable } from '../parameters.js'
import { FairMutex, type Turn } from './fair-mutex.js'
import { isBusy, translateCommitError, translateSqliteError } from './sqlite-error.js'
import type { Outcome, SqliteHandle } from './sqlite-handle.js'
import type { SqliteJournal } from './sqlite-journal.js'
import { SqliteTransaction } from './sqlite-transaction.js'

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
  readonly #transaction: SqliteTransaction
  #journal: SqliteJournal | null = null

  /** @param patience milliseconds to wait for a turn, and again for another process's lock */
  constructor(handle: SqliteHandle, patience: number) {
    this.#handle = handle
    this.#mutex = new FairMutex(patience)
    this.#patience = patience
    this.#transaction = new SqliteTransaction({
      begin: async (limit) => {
        this.#journal?.assertSound()
        await this.#patiently(() => handle.run('BEGIN IMMEDIATE'), limit)
      },
      commit: async () => {
        await this.#patiently(() => handle.run('COMMIT'), patience, translateCommitError)
        await this.#journal?.sync()
      },
      run: (sql) => this.#run(sql),
      isOpen: () => handle.inTransaction,
      mutex: this.#mutex,
    })
  }

  /** From now on commits are brought to the disk by `journal`, which is closed with this connection. */
  syncBy(journal: SqliteJournal): void {
    this.#journal = journal
  }

  acquire(turn: Turn, patience?: number): Promise<void> {
    return this.#mutex.acquire(turn, patience)
  }

  release(): void {
    this.#mutex.release()
  }

  /** Waits for its turn and begins. Ends with `commit` or `rollback`, which give the turn back. */
  async begin(patience?: number): Promise<void> {
    await this.#mutex.acquire('write', patience)
    await this.#transaction.begin(patience)
  }

  /** Resolves once all is on the disk. Where it throws nothing is, as far as is known, and the turn is given back. */
  commit(): Promise<void> {
    return this.#transaction.commit()
  }

  rollback(): Promise<void> {
    return this.#transaction.rollback()
  }

  /** Runs one statement by itself, at once where nobody else is at work. */
  async alone<Row>(sql: string, parameters: readonly Bindable[], most?: 'one'): Promise<Outcome<Row>> {
    if (!READ.test(sql)) return this.#write<Row>(sql, parameters)
    if (!this.#mutex.tryAcquire()) await this.#mutex.acquire('read')
    try {
      return await this.execute<Row>(sql, parameters, most)
    } finally {
      this.#mutex.release()
    }
  }

  /**
   * Runs one statement for who holds the turn. One that writes is part of a transaction, see `alone`.
   * @param most `one` where no row but the first is to be read
   */
  execute<Row>(sql: string, parameters: readonly Bindable[], most?: 'one'): Promise<Outcome<Row>> {
    return this.#patiently(() => this.#handle.execute<Row>(sql, parameters, most))
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

  async close(): Promise<void> {
    this.#handle.close()
    await this.#journal?.close()
  }

  /**
   * One that writes gets a transaction of its own, since libsql does not reset a statement that met another's lock,
   * and every later read would see the database as it was then.
   */
  async #write<Row>(sql: string, parameters: readonly Bindable[]): Promise<Outcome<Row>> {
    await this.begin()
    let outcome: Outcome<Row>
    try {
      outcome = await this.execute<Row>(sql, parameters)
    } catch (error) {
      await this.rollback()
      throw error
    }
    await this.commit()
    return outcome
  }

  #run(sql: string): void {
    try {
      this.#handle.run(sql)
    } catch (error) {
      throw translateSqliteError(error)
    }
  }

  async #patiently<Result>(
    work: () => Result,
    patience: number = this.#patience,
    translate: (error: unknown) => unknown = translateSqliteError,
  ): Promise<Result> {
    const deadline = performance.now() + patience
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw translate(error)
      }
      await sleep(pause * (0.5 + Math.random()))
    }
  }
}
