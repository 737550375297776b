import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type RootOperationNode,
  SelectQueryNode,
} from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { type Bindable, bindAll } from '../parameters.js'
import { classify, connectionError, type Place } from './postgres-error.js'

export interface Statement {
  readonly text: string
  readonly values: Bindable[]
  /** Prepared on the server under this name. */
  readonly name?: string
  readonly readOnly: boolean
}

/** A query that was compiled once: prepared on the server under its name, its values bound. */
export class NamedQuery<Row> implements CompiledQuery<Row> {
  readonly name: string
  readonly sql: string
  readonly query: RootOperationNode
  readonly queryId: CompiledQuery['queryId']
  readonly parameters: Bindable[]

  constructor(name: string, { sql, query, queryId }: CompiledQuery<Row>, parameters: Bindable[]) {
    this.name = name
    this.sql = sql
    this.query = query
    this.queryId = queryId
    this.parameters = parameters
  }
}

const ATTEMPTS = 3
const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** A connection on loan from the pool. Outside a transaction it may be changed for another under the same session. */
export class PostgresSession implements DatabaseConnection {
  readonly #pool: Pool
  readonly #clock: Clock
  /** Absent after a loss for which there was no replacement. */
  #client: PoolClient | undefined
  #broken = false
  #place: Place = 'alone'

  private constructor(pool: Pool, clock: Clock, client: PoolClient) {
    this.#pool = pool
    this.#clock = clock
    this.#client = client
  }

  /** @throws DatabaseUnavailable when there is no connection to be had in time */
  static async acquire(pool: Pool, clock: Clock): Promise<PostgresSession> {
    return new PostgresSession(pool, clock, await connect(pool))
  }

  release(): void {
    this.#client?.release(this.#broken)
  }

  async begin(): Promise<void> {
    await this.#repeat({ text: 'begin isolation level read committed', values: [], readOnly: true })
    this.#place = 'transaction'
  }

  async commit(): Promise<void> {
    this.#place = 'commit'
    const { command } = await this.#once({ text: 'commit', values: [], readOnly: false })
    this.#place = 'alone'
    if (command !== 'COMMIT') {
      // PostgreSQL says nothing else when a statement of the transaction had failed and the failure was swallowed.
      throw new SallyportError('internal', { cause: new Error('COMMIT of a failed transaction rolled it back') })
    }
  }

  /** Never throws: a connection that cannot roll back is thrown away, which rolls back too. */
  async rollback(): Promise<void> {
    this.#place = 'alone'
    if (this.#broken) return
    await this.#send({ text: 'rollback', values: [] }).catch(() => {
      this.#broken = true
    })
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const bound =
      query instanceof NamedQuery
        ? { name: query.name, values: query.parameters }
        : { values: bindAll(query.parameters, this.#clock) }
    const { command, rowCount, rows } = await this.execute<Row>({
      text: query.sql,
      ...bound,
      readOnly: isReadOnly(query.query),
    })
    return CHANGES.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows }
  }

  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows are not streamed: read them in pages, by key')
  }

  execute<Row>(statement: Statement) {
    return this.#place === 'alone' ? this.#repeat<Row>(statement) : this.#once<Row>(statement)
  }

  async #once<Row>(statement: Statement) {
    try {
      return await this.#send<Row>(statement)
    } catch (error) {
      const failure = classify(error, this.#place, statement.readOnly)
      this.#broken ||= failure.discard
      throw failure.error
    }
  }

  async #repeat<Row>(statement: Statement) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send<Row>(statement)
      } catch (error) {
        const { fate, discard, error: shown } = classify(error, 'alone', statement.readOnly)
        this.#broken ||= discard
        const nothingDone = fate === 'unsent' || fate === 'undone' || (fate === 'lost' && statement.readOnly)
        if (!nothingDone || attempt === ATTEMPTS) throw shown
      }
      if (this.#broken) await this.#changeClient()
      else await sleep(10 * attempt * (0.5 + Math.random()))
    }
  }

  async #send<Row>({ text, values, name }: Pick<Statement, 'text' | 'values' | 'name'>) {
    if (this.#client === undefined) throw new Error('The session has no connection')
    return this.#client.query<Row & object>(name === undefined ? { text, values } : { text, values, name })
  }

  async #changeClient(): Promise<void> {
    // Given back first: it may be the only one that the pool allows.
    this.#client?.release(true)
    this.#client = undefined
    this.#client = await connect(this.#pool)
    this.#broken = false
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw connectionError(error)
  }
}

/** True for a plain SELECT: one that neither locks nor hides a change in a WITH. */
export function isReadOnly(node: RootOperationNode): boolean {
  return SelectQueryNode.is(node) && node.with === undefined && (node.endModifiers ?? []).length === 0
}
