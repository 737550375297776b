import type { Logger } from '../runtime/logger.js'

export interface Job {
  start(): void
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>
}

/**
 * Runs `work` again and again, `period` milliseconds after it last ended, never twice at once. A failure is logged and
 * tried again next time. The timer keeps no process alive.
 */
export function repeat(name: string, period: number, work: () => Promise<unknown>, logger: Logger): Job {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let stopped = true

  function schedule(): void {
    timer = setTimeout(run, period).unref()
  }

  function run(): void {
    running = work()
      .catch((error: unknown) => {
        logger.warn(
          { job: name, cause: error instanceof Error ? error.message : String(error) },
          'a job failed and will be tried again',
        )
      })
      .then(() => {
        if (!stopped) schedule()
      })
  }

  return {
    start() {
      if (!stopped) return
      stopped = false
      schedule()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
