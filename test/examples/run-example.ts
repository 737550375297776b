import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..', '..')

/** How long a start may take that first installs and builds. */
export const EXAMPLE_STARTS = 240_000

export interface RunningExample {
  /** Where it answers, without a slash at the end. */
  readonly url: string
  /** What it has said on stderr. */
  errors(): string
  /** Asks it to stop. @returns its exit code */
  stop(): Promise<number | null>
}

/**
 * Starts an example on a free port by its one command, `npm run example -- <name>`, and waits for its address.
 * @param name a folder of `examples/`
 * @param env what it is told, on top of this process's environment
 */
export async function runExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'example.mjs'), name], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'development', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  for await (const line of createInterface(child.stdout)) {
    const url = /https?:\/\/\S+/.exec(line)?.[0]
    if (url !== undefined) return { url, errors: () => errors, stop: () => stop(child) }
  }
  throw new Error(`The example ${name} ended before it named its address:\n${errors}`)
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  return child.exitCode
}
