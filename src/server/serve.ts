import { createNodeServer } from '../adapters/node.js'
import { composeAuth } from '../auth.js'
import type { Config } from '../config/config.js'
import { warnOfBypass } from '../config/config-warnings.js'
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
  /** Called once, when the server answers. */
  readonly announce: (url: string) => void
}

/** Milliseconds for the requests under way when the server is told to stop. */
const DRAIN_PATIENCE = 10_000

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
  if (config.auth.mode === 'bypass') await requireLoopback(config.server.host)
  endOnCrash(logger)
  const stop = stopSignal()
  const { auth, app, health } = await composeAuth(config, { logger })
  try {
    const server = createNodeServer(app, config, { logger })
    const closeSilent = watchSilentConnections(server)
    announce(await listen(server, config.server.host, config.server.port))
    const signal = await stop
    logger.info({ signal }, 'stopping: no new connections, and requests under way are finished')
    health.drain()
    const finished = await drain(server, closeSilent, DRAIN_PATIENCE)
    if (!finished) logger.warn({ after: `${DRAIN_PATIENCE} ms` }, 'requests were cut off: they took too long')
  } finally {
    await auth.close()
  }
  logger.info({}, 'stopped')
  return 0
}
