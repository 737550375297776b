import { DatabaseUnavailable, UNANSWERED } from '../database-error.js'
import type { FairMutex } from './fair-mutex.js'

/** Who has done its work and waits for the commit that it shares with those after it. */
interface Finished {
  resolve(): void
  reject(error: unknown): void
}

/** Transactions that share a commit at most, those undone among them: whoever came first waits for the work of all. */
const MOST_MEMBERS = 16

/**
 * The open transaction of the one connection. Those who wait for their turn while one is open join it behind a
 * savepoint, and one commit serves all, since it is the disk that takes time (group commit: DeWitt et al., 1984, §4).
 * Each is undone by itself; all are answered after the commit, or told that it failed: those undone as well, since they
 * saw the work of those before them. Nobody else reads what is not committed: readers wait for the end of it.
 */
export class SqliteTransaction {
  readonly #begin: (patience?: number) => Promise<void>
  readonly #commit: () => Promise<void>
  readonly #run: (sql: string) => void
  readonly #isOpen: () => boolean
  readonly #mutex: Pick<FairMutex, 'passToWriter' | 'release'>
  #finished: Finished[] = []
  #isJoined = false

  constructor(parts: {
    readonly begin: (patience?: number) => Promise<void>
    readonly commit: () => Promise<void>
    /** Runs a statement at once. */
    readonly run: (sql: string) => void
    readonly isOpen: () => boolean
    readonly mutex: Pick<FairMutex, 'passToWriter' | 'release'>
  }) {
    this.#begin = parts.begin
    this.#commit = parts.commit
    this.#run = parts.run
    this.#isOpen = parts.isOpen
    this.#mutex = parts.mutex
  }

  /** For who holds the turn: it is given back where this throws, and by `commit` or `rollback` otherwise. */
  async begin(patience?: number): Promise<void> {
    try {
      this.#isJoined = this.#finished.length > 0
      if (this.#isJoined) this.#run('SAVEPOINT member')
      else await this.#begin(patience)
    } catch (error) {
      if (this.#isJoined) await this.#settle().catch(() => undefined)
      else this.#mutex.release()
      throw error
    }
  }

  async commit(): Promise<void> {
    try {
      this.#assertOpen()
      if (this.#isJoined) this.#run('RELEASE member')
    } catch (error) {
      this.#abandon(undone(error))
      throw error
    }
    return this.#finish()
  }

  /** Throws where the others' commit failed: what was decided here may have been by their work. */
  async rollback(): Promise<void> {
    if (!this.#isJoined) {
      try {
        // A full disk, for one, makes SQLite roll back by itself.
        if (this.#isOpen()) this.#run('ROLLBACK')
      } finally {
        this.#mutex.release()
      }
      return
    }
    try {
      this.#assertOpen()
      this.#run('ROLLBACK TO member')
      this.#run('RELEASE member')
    } catch (error) {
      this.#abandon(undone(error))
      return
    }
    return this.#finish()
  }

  /** Lets the next one join and waits for the commit, or commits. */
  #finish(): Promise<void> {
    if (this.#finished.length + 1 < MOST_MEMBERS && this.#mutex.passToWriter()) {
      return new Promise((resolve, reject) => this.#finished.push({ resolve, reject }))
    }
    return this.#settle()
  }

  /** Commits for all who have finished, and gives the turn back. */
  async #settle(): Promise<void> {
    try {
      this.#assertOpen()
      await this.#commit()
    } catch (error) {
      // A constraint that is looked at as late as this is one member's, and nobody knows whose.
      const told = this.#finished.length > 0 && !(error instanceof DatabaseUnavailable) ? undone(error) : error
      this.#abandon(told)
      throw told
    }
    for (const { resolve } of this.#finished.splice(0)) resolve()
    this.#mutex.release()
  }

  #assertOpen(): void {
    if (!this.#isOpen()) throw new DatabaseUnavailable(UNANSWERED, new Error('SQLite has rolled back'))
  }

  /** Undoes the work of all, tells them, and gives the turn back. */
  #abandon(error: unknown): void {
    try {
      if (this.#isOpen()) this.#run('ROLLBACK')
    } finally {
      for (const { reject } of this.#finished.splice(0)) reject(error)
      this.#mutex.release()
    }
  }
}

/** For those whose work was undone before any commit, by the failure of another: it may succeed without that one. */
function undone(cause: unknown): DatabaseUnavailable {
  return new DatabaseUnavailable(UNANSWERED, cause, true)
}
