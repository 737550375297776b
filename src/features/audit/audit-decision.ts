import { type Compilable, type OperationNodeSource, sql, type Transaction } from 'kysely'
import { Gathering } from '../../runtime/gathering.js'
import { DatabaseUnavailable } from '../../storage/database-error.js'
import { parameter } from '../../storage/parameters.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { EVENT_TYPES, eventRow, type InsertEvents, insertEventsOf, type StoredEvent } from './audit-store.js'

/** A query as its builder gives it. A SELECT inside of another query brings its own parentheses, a change does not. */
type Query<Row> = Compilable<Row> & OperationNodeSource

/** A change that one statement decides, and what is told of it. */
export interface DecisionQueries<Row> {
  /** Unique in the process. */
  readonly name: string
  /** What each call gives, as columns of a table `given`. `id` is that of the row it is about. */
  readonly given: Readonly<Record<string, 'text' | 'bigint'>> & { readonly id: 'text' }
  /** Changes the row of each in `given`, or leaves it, and returns what it has changed: all columns, on SQLite one. */
  readonly decide: Query<unknown>
  /** Selects what is to be known from `decided`, the rows as `decide` has left them. Holds no values. */
  readonly show: Query<Row>
  /** Gives the row of `decide` once more, for SQLite, which selects from no change. */
  readonly again: Query<unknown>
}

export interface DecisionValues {
  readonly given: Readonly<Record<string, string | number>> & { readonly id: string }
  /** Fill the places of `again`. */
  readonly again: readonly unknown[]
}

/** Decides and records: null where nothing was changed, and then nothing is recorded. */
export interface Decision<Row> {
  readonly inside: (tx: Transaction<Tables>, values: DecisionValues, event: StoredEvent) => Promise<Row | null>
  /** The same as one statement, which needs no transaction around it; null where there is none. */
  readonly alone: ((values: DecisionValues, event: StoredEvent) => Promise<Row | null>) | null
}

/** Compiles a decision together with the insertion of its event. */
export function compileDecision<Row extends { readonly id: string }>(
  storage: Storage,
  insertEvents: InsertEvents,
  queries: DecisionQueries<Row>,
): Decision<Row> {
  return storage.dialect === 'postgres' ? compileWhole(storage, queries) : compileSteps(storage, insertEvents, queries)
}

/** Decisions in one statement at most. The planner is told, so that it takes the index and not the table. */
const MOST_AT_ONCE = 16

interface Asked {
  readonly given: DecisionValues['given']
  readonly event: StoredEvent
}

/** On PostgreSQL: one statement, which those that are due in one turn of the event loop share. */
function compileWhole<Row extends { readonly id: string }>(
  storage: Storage,
  { name, given, decide, show }: DecisionQueries<Row>,
): Decision<Row> {
  const types = Object.entries({ ...given, ...EVENT_TYPES })
  const columns = types.map(([column, type]) => sql`${sql.ref(column)} ${sql.raw(type)}`)
  const source = sql`select * from json_to_recordset(${parameter()}) as g (${sql.join(columns)}) limit ${sql.lit(MOST_AT_ONCE)}`
  const told = insertEventsOf('given', 'decided')
  const whole = sql<Row>`with given as (${source}), decided as (${decide}), recorded as (${told}) select * from ${show} shown`
  const run = storage.prepare(name, whole.compile(storage.db))

  const bound = (all: readonly Asked[]) => [asJson(all.map(({ given, event }) => ({ ...given, ...eventRow(event) })))]
  const decideOne = async (asked: Asked) => (await run(bound([asked])))[0] ?? null

  async function decideAll(all: readonly Asked[]): Promise<readonly (Row | null | Promise<Row | null>)[]> {
    const [first] = all
    if (first === undefined || all.length === 1) return first === undefined ? [] : [decideOne(first)]
    // One row is decided about once by a statement. All statements take their rows in the same order, lest two wait for
    // each other.
    const byId = new Map(all.toSorted(byIdOf).map((asked) => [asked.given.id, asked]))
    try {
      const rows = new Map((await run(bound([...byId.values()]))).map((row) => [row.id, row]))
      return all.map((asked) =>
        byId.get(asked.given.id) === asked ? (rows.get(asked.given.id) ?? null) : decideOne(asked),
      )
    } catch (error) {
      // Nothing is known to be undone, or nobody could be served.
      if (error instanceof DatabaseUnavailable) throw error
      // One of them cannot be stored, and the others are not to suffer for it.
      return all.map(decideOne)
    }
  }

  const gathering = new Gathering(decideAll, MOST_AT_ONCE)
  return {
    inside: async (tx, { given }, event) => (await run(bound([{ given, event }]), tx))[0] ?? null,
    alone: ({ given }, event) => gathering.of({ given, event }),
  }
}

function byIdOf(one: Asked, other: Asked): number {
  return one.given.id < other.given.id ? -1 : 1
}

const LONE_SURROGATE = /\p{Surrogate}/gu

/** JSON can say what is no text, and no database keeps: it is stored as a binding would store it. */
function asJson(rows: readonly object[]): string {
  const text = JSON.stringify(rows)
  if (!text.includes('\\ud')) return text
  return JSON.stringify(rows, (_name, value) =>
    typeof value === 'string' ? value.replace(LONE_SURROGATE, '\ufffd') : value,
  )
}

/** On SQLite: one statement after the other, in a transaction. */
function compileSteps<Row>(
  storage: Storage,
  insertEvents: InsertEvents,
  { name, given, decide, show, again }: DecisionQueries<Row>,
): Decision<Row> {
  const columns = Object.keys(given)
  const source = sql`given (${sql.join(columns.map((column) => sql.ref(column)))}) as (select ${sql.join(columns.map(() => parameter()))})`
  const change = storage.prepareOne(name, sql`with ${source} ${decide}`.compile(storage.db))
  const shown = sql<Row>`with decided as ${again} select * from ${show} shown`
  const look = storage.prepareOne(`${name}_shown`, shown.compile(storage.db))
  return {
    async inside(tx, values, event) {
      const changed = await change(
        columns.map((column) => values.given[column]),
        tx,
      )
      if (changed === null) return null
      await insertEvents(tx, [event])
      return look(values.again, tx)
    },
    alone: null,
  }
}
