import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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
    // No ES module: reading one would fix the thread pool before the program could choose its size and priority.
    const probe = fileURLToPath(new URL('../subjects/loop-delay.cjs', import.meta.url))
    return { NODE_OPTIONS: `--require=${probe}`, SALLYPORT_BENCH_LOOP_DELAY: this.#file }
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
