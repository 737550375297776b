import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const PATIENCE = 5_000
const found = z.object({ p50: z.number(), p99: z.number(), max: z.number() })

/** How late the event loop of another process is, see `subjects/loop-delay.mjs`. */
export class LoopDelay {
  readonly #file: string

  /** @param file where the process writes what it is asked for */
  constructor(file: string) {
    this.#file = file
  }

  /** For the process's start. */
  get env(): Readonly<Record<string, string>> {
    const probe = new URL('../subjects/loop-delay.mjs', import.meta.url).href
    // The size is fixed before the program could choose its own, since the probe is a module that is read from disk.
    return { NODE_OPTIONS: `--import=${probe}`, UV_THREADPOOL_SIZE: '16', SALLYPORT_BENCH_LOOP_DELAY: this.#file }
  }

  /** Milliseconds since the last call, or since the process began. */
  async read(pid: number): Promise<z.output<typeof found>> {
    process.kill(pid, 'SIGUSR2')
    const answer = `${this.#file}.new`
    for (const asked = performance.now(); !existsSync(answer); await sleep(5)) {
      if (performance.now() - asked > PATIENCE) throw new Error('The event loop answers no signal')
    }
    // It may have been seen before it was written to the end.
    await sleep(50)
    const delay = found.parse(JSON.parse(readFileSync(answer, 'utf8')))
    rmSync(answer)
    return delay
  }
}
