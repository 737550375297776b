import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A second Node process that runs a TypeScript file, as another server or the command line would. */
export interface Child {
  /** Resolves with the next line that it prints. */
  line(): Promise<string>
  /** Sends it a line. */
  tell(text: string): void
  /** Resolves with all that it wrote to standard error once it ended; rejects unless it ended with 0. */
  ended(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** @param env beside that of this process */
export function startChild(
  file: URL,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file.pathname, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit')
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const lines = child.stdout === null ? undefined : createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async line() {
      const next = await lines?.next()
      if (next === undefined || next.done) throw new Error(`The process ended without a line: ${errors}`)
      return next.value
    },
    tell: (text) => {
      child.stdin?.write(`${text}\n`)
    },
    async ended() {
      const [code, signal] = await exit
      if (code !== 0) throw new Error(`The process ended with ${code ?? signal}: ${errors}`)
    },
    kill: (signal) => {
      child.kill(signal)
    },
  }
}
