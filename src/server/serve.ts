import type { Server } from 'node:http'
import { createNodeServer } from '../adapters/node.js'
import { serveWebSockets } from '../adapters/node-upgrade.js'
import { composeAuth } from '../auth.js'
import type { Config } from '../config/config.js'
import { warnOfBypass } from '../config/config-warnings.js'
import { withWebSocketPath } from '../http/handshake.js'
import type { HttpApp } from '../http/http-app-types.js'
import type { Logger } from '../runtime/logger.js'
import { endOnCrash } from './crash.js'
import { drain, watchSilentConnections } from './drain.js'
import { listen } from './listen.js'
import { requireLoopback } from './require-loopback.js'
import { stopSignal } from './stop-signal.js'

export interface ServeOptions {
  readonly config: Config
  readonly logger: Logger
  /** The size of the thread pool that hashes share with files and names; it can't be changed any more. */
  readonly threads: number
  /** Called once, when the server answers; with the URL of `server.admin_port`, where there is one. */
  readonly announce: (url: string, adminUrl: string | null) => void
}

/** Milliseconds for the requests under way when the server is told to stop. */
const DRAIN_PATIENCE = 10_000
const ADMIN_PATIENCE = 1_000

interface Listening {
  readonly server: Server
  readonly closeSilent: () => void
  readonly url: string
}

/**
 * Serves until SIGTERM or SIGINT, then finishes what is under way.
 * @returns the exit code
 * @throws StartError, SallyportError or Error when it can't start
 */
export async function serve({ config, logger, threads, announce }: ServeOptions): Promise<number> {
  const { maxConcurrentHashes } = config.auth
  if (threads < maxConcurrentHashes)
    logger.warn(
      { threads, max_concurrent_hashes: maxConcurrentHashes },
      'fewer threads than hashes at a time: set UV_THREADPOOL_SIZE to at least two more than auth.max_concurrent_hashes',
    )
  warnOfBypass(config)
  if (config.auth.mode === 'bypass') {
    const { host, adminHost, adminPort } = config.server
    await requireLoopback(host)
    if (adminPort !== null) await requireLoopback(adminHost)
  }
  endOnCrash(logger)
  const stop = stopSignal()
  const { auth, app, adminApp, health, links, drainSockets } = await composeAuth(config, { logger })
  const servers: Server[] = []
  const open = async (served: HttpApp, host: string, port: number, withSockets = false): Promise<Listening> => {
    const server = createNodeServer(withSockets ? withWebSocketPath(served, config) : served, config, { logger })
    if (withSockets) serveWebSockets(server, auth, config, logger)
    servers.push(server)
    const closeSilent = watchSilentConnections(server)
    return { server, closeSilent, url: await listen(server, host, port) }
  }
  try {
    const { host, port, adminHost, adminPort } = config.server
    const admin = adminApp && adminPort !== null ? await open(adminApp, adminHost, adminPort) : null
    const main = await open(app, host, port, config.websocket.enabled)
    links.listensOn(Number(new URL(main.url).port || 80))
    announce(main.url, admin?.url ?? null)
    const signal = await stop
    logger.info({ signal }, 'stopping: no new connections, and requests under way are finished')
    health.drain()
    const [finished] = await Promise.all([drain(main.server, main.closeSilent, DRAIN_PATIENCE), drainSockets()])
    // The last to go, so that operators see the stop.
    if (admin) await drain(admin.server, admin.closeSilent, ADMIN_PATIENCE)
    if (!finished) logger.warn({ after: `${DRAIN_PATIENCE} ms` }, 'requests were cut off: they took too long')
  } finally {
    // One that listens, where another could not, would keep the process.
    for (const server of servers.filter(({ listening }) => listening)) server.close()
    await auth.close()
  }
  logger.info({}, 'stopped')
  return 0
}
