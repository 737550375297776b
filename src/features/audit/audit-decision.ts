import { type Compilable, type CompiledQuery, type OperationNodeSource, sql, type Transaction } from 'kysely'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { type InsertEvents, insertEventFor, type StoredEvent, valuesOf } from './audit-store.js'

/** A query as its builder gives it. A SELECT inside of another query brings its own parentheses, a change does not. */
type Query<Row> = Compilable<Row> & OperationNodeSource

/** A change that one statement decides, and what is told of it. */
export interface DecisionQueries<Row> {
  /** Unique in the process. */
  readonly name: string
  /** Changes one row or none, and returns all of its columns. */
  readonly decide: Query<unknown>
  /** Selects what is to be known from `decided`, the row as `decide` has left it. Holds no values. */
  readonly show: Query<Row>
  /** Gives the row of `decide` once more, for SQLite, which selects from no change. */
  readonly again: Query<unknown>
}

export interface DecisionValues {
  readonly decide: readonly unknown[]
  readonly again: readonly unknown[]
}

/** Decides and records: null where nothing was changed, and then nothing is recorded. */
export interface Decision<Row> {
  readonly inside: (tx: Transaction<Tables>, values: DecisionValues, event: StoredEvent) => Promise<Row | null>
  /** The same as one statement, which needs no transaction around it; null where there is none. */
  readonly alone: ((values: DecisionValues, event: StoredEvent) => Promise<Row | null>) | null
}

/** Compiles a decision together with the insertion of its event. */
export function compileDecision<Row>(
  storage: Storage,
  insertEvents: InsertEvents,
  { name, decide, show, again }: DecisionQueries<Row>,
): Decision<Row> {
  const prepare = <Found>(suffix: string, query: CompiledQuery<Found>) => storage.prepareOne(`${name}${suffix}`, query)
  if (storage.dialect === 'postgres') {
    const whole = sql<Row>`with decided as (${decide}), recorded as (${insertEventFor('decided')}) select * from ${show} shown`
    const run = prepare('', whole.compile(storage.db))
    const bound = (values: DecisionValues, event: StoredEvent) => [...values.decide, ...valuesOf(event)]
    return {
      inside: (tx, values, event) => run(bound(values, event), tx),
      alone: (values, event) => run(bound(values, event)),
    }
  }
  const change = prepare('', decide.compile())
  const look = prepare('_shown', sql<Row>`with decided as ${again} select * from ${show} shown`.compile(storage.db))
  return {
    async inside(tx, values, event) {
      if ((await change(values.decide, tx)) === null) return null
      await insertEvents(tx, [event])
      return look(values.again, tx)
    },
    alone: null,
  }
}
