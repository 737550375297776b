import type { Transaction } from 'kysely'
import type { Listener } from './storage.js'
import type { Tables } from './tables.js'

/**
 * How a process tells the others that there is something to read in the database. A hint says nothing more, and may be
 * late, double or lost: who must know asks the database in the end.
 */
export interface Hints {
  /** Inside the transaction of the change, for carriers that deliver with its commit. */
  announce(tx: Transaction<Tables>): Promise<void>
  /** After the commit, for those that cannot. Neither throws nor waits. */
  publish(): void
  /** Calls `hint` for what others tell, and after every interruption of the listening. */
  listen(hint: () => void): Promise<Listener>
}
