import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import { DatabaseUnavailable } from './database-error.js'
import type { TransactionGuard } from './transaction-guard.js'

const ATTEMPTS = 6
const FIRST_PAUSE = 10

/**
 * Runs `work` in a transaction, and again from its start where the database undid it: after a serialization failure,
 * a deadlock, or a connection that was lost before COMMIT was sent. Pauses double, with jitter, so that two that
 * met do not meet again.
 */
export async function runTransaction<Schema, Result>(
  db: Kysely<Schema>,
  guard: TransactionGuard,
  work: (tx: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  guard.assertOutside()
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute((tx) => guard.inside(() => work(tx)))
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || !error.repeatable || attempt === ATTEMPTS) throw error
    }
    await sleep(FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random()))
  }
}
