import { loadPackage } from '../../runtime/load-package.js'
import type { RedisAddress, RedisCredentials, RedisHost } from './redis-url.js'

/** One connection (of a cluster: one to each node), as long as it lasts. */
export interface RedisSession {
  /** @param key of the entry that the command is about, which names the node of a cluster */
  command(key: string | undefined, words: readonly string[]): Promise<unknown>
  /** Keys lie on several nodes, and a command may be about one of them only. */
  readonly isSpread: boolean
  subscribe(channel: string, listener: () => void): Promise<void>
  /** Resolves when it is of no use any more. */
  readonly lost: Promise<Error>
  destroy(): void
}

/** For the TCP and TLS handshakes, in milliseconds. */
const CONNECT_TIMEOUT = 1_000
/** Commands that wait for a server; more are refused at once. */
const MOST_QUEUED = 2_000

/** Connects for commands. @param signal ends the attempt, and what it had opened */
export async function connectToRedis(address: RedisAddress, signal: AbortSignal): Promise<RedisSession> {
  if (address.kind === 'cluster') return connectToCluster(address, signal)
  return connectToMaster(address, signal)
}

/** Connects for messages: any node of a cluster hears what is published at another. */
export async function connectForMessages(address: RedisAddress, signal: AbortSignal): Promise<RedisSession> {
  if (address.kind !== 'cluster') return connectToMaster(address, signal)
  return firstOf(address.hosts, (host) => connectToHost(host, address, address.credentials, signal), signal)
}

async function connectToMaster(address: RedisAddress, signal: AbortSignal): Promise<RedisSession> {
  const host = address.kind === 'sentinel' ? await askSentinels(address, signal) : address.hosts[0]
  if (host === undefined) throw new Error('No host of Redis is named')
  return connectToHost(host, address, { ...address.credentials, database: address.database }, signal)
}

async function askSentinels(address: RedisAddress, signal: AbortSignal): Promise<RedisHost> {
  return firstOf(
    address.hosts,
    async (sentinel) => {
      const session = await connectToHost(sentinel, address, address.sentinelCredentials, signal)
      try {
        const asked = session.command(undefined, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master])
        const reply = await unlessAborted(asked, session.destroy, signal)
        if (!Array.isArray(reply)) throw new Error(`The sentinels know no master ${JSON.stringify(address.master)}`)
        return { host: String(reply[0]), port: Number(reply[1]) }
      } finally {
        session.destroy()
      }
    },
    signal,
  )
}

/** The first that works, beginning anywhere, so that one dead host does not delay every attempt. */
async function firstOf<Result>(
  hosts: readonly RedisHost[],
  attempt: (host: RedisHost) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const start = Math.floor(Math.random() * hosts.length)
  let failure: unknown = new Error('No host of Redis is named')
  for (const host of [...hosts.slice(start), ...hosts.slice(0, start)]) {
    signal.throwIfAborted()
    try {
      return await attempt(host)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

const loadRedis = () => loadPackage('@redis/client', 'Redis', () => import('@redis/client'))

async function connectToHost(
  { host, port }: RedisHost,
  { tls }: RedisAddress,
  login: RedisCredentials & { readonly database?: number },
  signal: AbortSignal,
): Promise<RedisSession> {
  const { createClient } = await loadRedis()
  const common = { host, port, connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false as const }
  const client = createClient({
    ...login,
    socket: tls ? { ...common, tls: true } : common,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_QUEUED,
    maintNotifications: 'disabled',
    // Who asks gives up by a deadline of its own, which is one timer for all; this would be one for each command.
    commandOptions: { timeout: 0 },
  })
  const lost = new Promise<Error>((resolve) => {
    // Without a listener an error ends the process.
    client.on('error', (error: unknown) => resolve(asError(error)))
    client.on('end', () => resolve(new Error('The connection was closed')))
  })
  const destroy = () => {
    if (client.isOpen) client.destroy()
  }
  await unlessAborted(client.connect(), destroy, signal)
  return {
    command: (_key, words) => client.sendCommand(words),
    isSpread: false,
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    lost,
    destroy,
  }
}

async function connectToCluster(address: RedisAddress, signal: AbortSignal): Promise<RedisSession> {
  const { createCluster } = await loadRedis()
  const common = { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: 200 }
  const cluster = createCluster({
    rootNodes: address.hosts.map((host) => ({ socket: host })),
    defaults: {
      ...address.credentials,
      socket: address.tls ? { ...common, tls: true } : common,
      disableOfflineQueue: true,
      commandsQueueMaxLength: MOST_QUEUED,
      maintNotifications: 'disabled',
    },
  })
  // A node may go while the others serve: only what commands say counts.
  cluster.on('error', () => undefined)
  const destroy = () => {
    if (cluster.isOpen) cluster.destroy()
  }
  await unlessAborted(cluster.connect(), destroy, signal)
  return {
    command: (key, words) => cluster.sendCommand(key, false, [...words]),
    isSpread: true,
    async subscribe(channel, listener) {
      await cluster.subscribe(channel, listener)
    },
    lost: new Promise(() => undefined),
    destroy,
  }
}

async function unlessAborted<Result>(work: Promise<Result>, destroy: () => void, signal: AbortSignal): Promise<Result> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(asError(signal.reason)), { once: true })
  })
  try {
    const result = await Promise.race([work, aborted])
    signal.throwIfAborted()
    return result
  } catch (error) {
    destroy()
    // It may still connect: then it is of no use to anybody.
    work.then(destroy, () => undefined)
    throw error
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
