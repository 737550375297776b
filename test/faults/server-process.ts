import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { noteWritten, useSecrets } from '../secrets/record.js'
import { PROGRAM } from './program.js'

export interface Launch {
  readonly cwd: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Default: the built program. */
  readonly program?: string
  /** A command that starts the program with fewer rights, given before it. */
  readonly through?: readonly string[]
  /** Written to standard input, which is then closed. */
  readonly input?: string
}

/** How a process ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** One process of the program. */
export class ProgramProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  constructor({ cwd, args, env = {}, program = PROGRAM, through = [], input = '' }: Launch) {
    const [command = process.execPath, ...rest] = [...through, process.execPath, program, ...args]
    this.#child = spawn(command, rest, { cwd, env: { ...cleanEnvironment(), ...env } })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#child.stdin?.on('error', () => undefined)
    this.#child.stdin?.end(input)
    useSecrets(input.trim(), env['SALLYPORT_SECRET'] ?? '')
    this.#child.once('close', () => noteWritten('program', this.output))
    this.#ended = once(this.#child, 'close').then(([code, signal]) => ({
      code: typeof code === 'number' ? code : null,
      signal: this.#child.signalCode ?? signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get output(): string {
    return `${this.#stdout}\n${this.#stderr}`
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get ended(): Promise<Ended> {
    return this.#ended
  }

  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.#ended
  }

  /** The address that `serve` announces. @throws Error when it ends first */
  async url(): Promise<string> {
    for (;;) {
      const [, url] = /^Sallyport listens on (\S+)$/m.exec(this.#stdout) ?? []
      if (url !== undefined) return url
      if (!this.isRunning) throw new Error(`The server ended before it listened: ${(await this.#ended).stderr}`)
      await Promise.race([once(this.#child.stdout ?? this.#child, 'data'), this.#ended])
    }
  }
}

/** Resolves when the server says that it is ready. A hang is left to the test's own time limit. */
export async function untilReady(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.status === 200) return
    await sleep(10)
  }
}

/** Nothing of the developer's own settings. */
function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'SYSTEMROOT']
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
