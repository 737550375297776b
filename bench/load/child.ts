import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'

export interface Launch {
  /** Given as one argument, in JSON. */
  readonly options?: object
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  /** False for a process that says nothing until it is asked. Default: true. */
  readonly greets?: boolean
}

/** A process of ours that speaks in lines: one when it is ready, then one for each that it is told. */
export class Child {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  #errors = ''

  private constructor(file: URL, { options, env = {}, flags = [] }: Launch) {
    const isTypeScript = file.pathname.endsWith('.ts') || file.pathname.endsWith('-subject.mjs')
    const loader = isTypeScript ? ['--import', 'tsx'] : []
    const words = options === undefined ? [] : [JSON.stringify(options)]
    const child = spawn(process.execPath, [...flags, ...loader, fileURLToPath(file), ...words], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', ...env },
    })
    this.#process = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    child.stdin.on('error', () => undefined)
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  }

  /** Starts it and resolves with its first line. @throws Error with what it wrote when it ends before */
  static async start(file: URL, launch: Launch = {}): Promise<{ readonly child: Child; readonly line: string }> {
    const child = new Child(file, launch)
    return { child, line: launch.greets === false ? '' : await child.line() }
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async line(): Promise<string> {
    const next = await this.#lines.next()
    if (next.done) throw new Error(`A process ended without an answer: ${this.#errors.trim()}`)
    return next.value
  }

  /** Tells it something and resolves with its answer. */
  async ask<Answer>(question: object, schema: z.ZodType<Answer>): Promise<Answer> {
    this.#process.stdin?.write(`${JSON.stringify(question)}\n`)
    return schema.parse(JSON.parse(await this.line()))
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Ends it: each of them ends with its standard input. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.stdin?.end()
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(late)
  }
}
