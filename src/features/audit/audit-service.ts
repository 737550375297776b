import type { Transaction } from 'kysely'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Logger } from '../../runtime/logger.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { compileDecision, type DecisionQueries, type DecisionValues } from './audit-decision.js'
import { prepareInsertEvents, type StoredEvent } from './audit-store.js'
import type { AuditEvent, RecordEvent } from './audit-types.js'

/** Writes, before the commit, what must be durable with the events of a transaction. */
export interface CommitHook {
  /** Called where this is true of one of the events at least. */
  readonly concerns: (event: AuditEvent) => boolean
  readonly write: (tx: Transaction<Tables>, events: readonly AuditEvent[]) => Promise<void>
}

/** Null where nothing was changed, and then nothing is recorded. */
export type Decide<Row> = (values: DecisionValues, event: AuditEvent) => Promise<Row | null>

export interface AuditService {
  /**
   * Runs a decision and the events that tell of it in one transaction: both are durable, or neither is.
   * Listeners, the log among them, hear of the events after the commit.
   */
  transaction<Result>(work: (tx: Transaction<Tables>, record: RecordEvent) => Promise<Result>): Promise<Result>
  /**
   * Compiles a decision that is one statement. It is durable together with its event, as in `transaction`, with no
   * more exchanges with the database than that takes: on PostgreSQL one.
   */
  prepareDecision<Row extends { readonly id: string }>(queries: DecisionQueries<Row>): Decide<Row>
  beforeCommit(hook: CommitHook): void
  /** Calls `listener` with the events of each transaction of this process, once it is committed. A listener must not throw. */
  subscribe(listener: (events: readonly AuditEvent[]) => void): void
}

export function createAuditService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
}): AuditService {
  const { storage, clock, logger } = parts
  const insertEvents = prepareInsertEvents(storage)
  const hooks: CommitHook[] = []
  const listeners: ((events: readonly AuditEvent[]) => void)[] = [
    (events) => {
      for (const event of events) log(logger, event)
    },
  ]
  const stored = (event: AuditEvent): StoredEvent => {
    const createdAt = clock.now()
    return { id: uuidv7(createdAt), createdAt, ...event }
  }
  async function runHooks(tx: Transaction<Tables>, events: readonly AuditEvent[]): Promise<void> {
    for (const { concerns, write } of hooks) if (events.some(concerns)) await write(tx, events)
  }
  function tell(events: readonly AuditEvent[]): void {
    for (const listener of listeners) listener(events)
  }

  return {
    beforeCommit(hook) {
      hooks.push(hook)
    },
    subscribe(listener) {
      listeners.push(listener)
    },
    prepareDecision(queries) {
      const { alone, inside } = compileDecision(storage, insertEvents, queries)
      return async (values, event) => {
        const recorded = stored(event)
        const row =
          alone !== null && !hooks.some(({ concerns }) => concerns(event))
            ? await alone(values, recorded)
            : await storage.transaction(async (tx) => {
                const row = await inside(tx, values, recorded)
                if (row !== null) await runHooks(tx, [event])
                return row
              })
        if (row !== null) tell([event])
        return row
      }
    },
    async transaction(work) {
      let committed: AuditEvent[] = []
      const result = await storage.transaction(async (tx) => {
        // A transaction that is run again starts with no events.
        const events: AuditEvent[] = []
        const rows: StoredEvent[] = []
        committed = events
        const result = await work(tx, async (...recorded) => {
          events.push(...recorded)
          rows.push(...recorded.map(stored))
        })
        // All at once: each statement is a journey to the database.
        await insertEvents(tx, rows)
        await runHooks(tx, events)
        return result
      })
      tell(committed)
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
