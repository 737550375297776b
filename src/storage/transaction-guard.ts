import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Finds work that goes around its transaction: `storage.db`, a prepared statement or a second transaction inside
 * `storage.transaction`. On SQLite that would wait for itself, on PostgreSQL it would escape the transaction.
 */
export interface TransactionGuard {
  /** Runs `work` as the inside of a transaction. */
  inside<Result>(work: () => Promise<Result>): Promise<Result>
  /** @throws Error when called from inside a transaction */
  assertOutside(): void
}

/** Follows each transaction through its awaits: for development and tests, since following costs every promise a little. */
export function watchfulGuard(): TransactionGuard {
  const current = new AsyncLocalStorage<{ open: boolean }>()
  return {
    async inside(work) {
      const state = { open: true }
      try {
        return await current.run(state, work)
      } finally {
        state.open = false
      }
    },
    assertOutside() {
      if (current.getStore()?.open === true) {
        throw new Error('Inside storage.transaction() only the transaction it hands in may be used')
      }
    },
  }
}

export const noGuard: TransactionGuard = { inside: (work) => work(), assertOutside: () => undefined }
