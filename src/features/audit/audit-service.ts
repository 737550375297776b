import type { Transaction } from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Logger } from '../../runtime/logger.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { insertAuditEvents } from './audit-store.js'
import type { AuditEvent, RecordEvent } from './audit-types.js'

export interface AuditService {
  /**
   * Runs a decision and the events that tell of it in one transaction: both are durable, or neither is.
   * Listeners, the log among them, hear of the events after the commit.
   */
  transaction<Result>(work: (tx: Transaction<Tables>, record: RecordEvent) => Promise<Result>): Promise<Result>
  /** Calls `hook` with the events of each transaction before it is committed, to write what must be durable with them. */
  beforeCommit(hook: (tx: Transaction<Tables>, events: readonly AuditEvent[]) => Promise<void>): void
  /** Calls `listener` with the events of each transaction of this process, once it is committed. A listener must not throw. */
  subscribe(listener: (events: readonly AuditEvent[]) => void): void
}

export function createAuditService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
}): AuditService {
  const { storage, clock, logger } = parts
  const hooks: ((tx: Transaction<Tables>, events: readonly AuditEvent[]) => Promise<void>)[] = []
  const listeners: ((events: readonly AuditEvent[]) => void)[] = [
    (events) => {
      for (const event of events) log(logger, event)
    },
  ]
  return {
    beforeCommit(hook) {
      hooks.push(hook)
    },
    subscribe(listener) {
      listeners.push(listener)
    },
    async transaction(work) {
      let committed: AuditEvent[] = []
      const result = await storage.transaction(async (tx) => {
        // A transaction that is run again starts with no events.
        const events: AuditEvent[] = []
        committed = events
        const result = await work(tx, async (...recorded) => {
          const now = clock.now()
          await insertAuditEvents(
            tx,
            now,
            recorded.map((event) => ({ id: uuidv7(now), ...event })),
          )
          events.push(...recorded)
        })
        for (const hook of hooks) await hook(tx, events)
        return result
      })
      for (const listener of listeners) listener(committed)
      return result
    },
  }
}

function log(logger: Logger, event: AuditEvent): void {
  logger.info(
    {
      event: event.type,
      tenant_id: event.tenantId,
      user_id: event.userId,
      session_id: event.sessionId,
      request_id: event.client?.requestId ?? null,
      ...event.data,
    },
    event.type,
  )
}
