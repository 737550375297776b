import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { loadPackage } from '../../runtime/load-package.js'
import type { Listener } from '../storage.js'
import type { StorageLogger } from '../storage-logger.js'

export const CHANNEL = 'sallyport_changes'

/** A half-open link looks quiet: it is asked for a sign of life this often, in milliseconds. */
const HEARTBEAT = 2_000
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 5_000

export interface ListenOptions {
  /** Reaches the server itself: LISTEN belongs to a session, which a pooler of transactions does not keep. */
  readonly url: string
  readonly logger: StorageLogger | undefined
}

/** LISTEN on a connection of its own, made again whenever it is lost. */
export async function listenToPostgres({ url, logger }: ListenOptions, hint: () => void): Promise<Listener> {
  const { Client } = await loadPackage('pg', 'PostgreSQL', () => import('pg'))
  let client: Client | null = null
  let closed = false
  const closing = new AbortController()
  const ended = run()

  async function connect(): Promise<Client> {
    const fresh = new Client({
      connectionString: url,
      application_name: 'sallyport listen',
      connectionTimeoutMillis: 5_000,
      query_timeout: HEARTBEAT,
      keepAlive: true,
    })
    // Without a listener an error of an idle connection ends the process.
    fresh.on('error', () => undefined)
    try {
      await fresh.connect()
      fresh.on('notification', hint)
      await fresh.query(`listen ${CHANNEL}`)
    } catch (error) {
      await fresh.end().catch(() => undefined)
      throw error
    }
    return fresh
  }

  /** Returns when the connection is of no use any more. */
  async function keep(connected: Client): Promise<void> {
    const over = new AbortController()
    connected.once('end', () => over.abort())
    while (await pause(HEARTBEAT, over.signal)) await connected.query('select 1')
  }

  async function run(): Promise<void> {
    for (let wait = FIRST_PAUSE; !closed; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      try {
        client = await connect()
        wait = FIRST_PAUSE
        // Whatever was said while nobody listened.
        hint()
        if (!closed) await keep(client)
      } catch (error) {
        if (!closed) logger?.warn({ error: messageOf(error) }, 'Changes of other nodes are not heard at once')
      }
      await client?.end().catch(() => undefined)
      client = null
      await pause(wait * (0.5 + Math.random()), closing.signal)
    }
  }

  return {
    isListening: () => client !== null,
    async close() {
      closed = true
      closing.abort()
      await client?.end().catch(() => undefined)
      await ended
    },
  }
}

/** True when the time is over, false as soon as the signal comes. @param milliseconds keep no process alive */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { ref: false, signal }).catch(() => false)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
