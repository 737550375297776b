import type { Logger } from '../runtime/logger.js'

/** After an error that nobody caught nothing can be trusted: it is logged, and the process ends with 1. */
export function endOnCrash(logger: Logger): void {
  const end = (error: unknown, message: string) => {
    try {
      logger.error({ error: error instanceof Error ? error : new Error(typeof error) }, message)
    } finally {
      process.exit(1)
    }
  }
  process.on('uncaughtException', (error) => end(error, 'an error was not caught'))
  process.on('unhandledRejection', (reason) => end(reason, 'a rejection was not handled'))
}
