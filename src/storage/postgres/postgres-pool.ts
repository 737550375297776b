import type { ClientConfig, Pool } from 'pg'
import { loadPackage } from '../../runtime/load-package.js'
import type { StorageLogger } from '../storage-logger.js'

export interface PoolOptions {
  readonly url: string
  readonly max: number
  /** Milliseconds a statement may take on the server; 0 for no limit. */
  readonly statementTimeout: number
  readonly logger: StorageLogger | undefined
}

const LONGEST_CONNECT = 5000
const SHORTEST_CONNECT = 1000
const IDLE_TIMEOUT = 30_000
const IDLE_IN_TRANSACTION_TIMEOUT = 10_000
/** How much later than the server the client gives up: then the server is not there any more. */
const ANSWER_MARGIN = 2000

/**
 * A pool whose connections know their limits. No error of a connection can end the process.
 * The limits are startup parameters, which a pooler has to let pass (PgBouncer: `ignore_startup_parameters`).
 */
export async function openPool({ url, max, statementTimeout, logger }: PoolOptions): Promise<Pool> {
  const { Pool } = await loadPackage('pg', 'PostgreSQL', () => import('pg'))
  const limits: ClientConfig =
    statementTimeout === 0
      ? {}
      : {
          statement_timeout: statementTimeout,
          idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT,
          query_timeout: statementTimeout + ANSWER_MARGIN,
        }
  const pool = new Pool({
    connectionString: url,
    max,
    ...limits,
    application_name: 'sallyport',
    // Also how long a caller waits for a connection to become free.
    connectionTimeoutMillis:
      statementTimeout === 0
        ? LONGEST_CONNECT
        : Math.min(LONGEST_CONNECT, Math.max(SHORTEST_CONNECT, statementTimeout)),
    idleTimeoutMillis: IDLE_TIMEOUT,
    keepAlive: true,
  })
  pool.on('connect', (client) => {
    client.setTypeParser(INT8, safeInteger)
    // While it is lent out the pool does not listen, and an error event without a listener ends the process.
    client.on('error', () => undefined)
  })
  pool.on('error', (error) => logger?.warn({ error: error.message }, 'A database connection was lost'))
  return pool
}

const INT8 = 20

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('The database holds a number beyond 2^53')
  return value
}
