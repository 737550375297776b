import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { noteWritten, useSecrets } from '../secrets/record.js'

const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'dist/cli/bin.cjs')

export const MASTER_SECRET = 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u'

export interface Surroundings {
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON, where it is that. */
  readonly json: unknown
}

/** Builds the program where its sources have changed, so that what is tested is what is shipped. */
export async function built(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')])
}

/** An empty folder that is gone after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-program-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the program to its end, with nothing of this process's environment but the path. */
export async function run(args: readonly string[], { folder, env, input = '' }: Surroundings): Promise<Finished> {
  useSecrets(MASTER_SECRET, input.trim())
  const child = start(args, folder, env)
  const output = collect(child)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const [code] = await once(child, 'close')
  const { stdout, stderr } = output
  return { code: typeof code === 'number' ? code : null, stdout, stderr, json: parsed(stdout) }
}

export interface Served {
  readonly url: string
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
}

/** Starts `serve` on a free port, and resolves when its line with the address is there. */
export async function serve(args: readonly string[], { folder, env }: Surroundings): Promise<Served> {
  const child = start(['serve', '--port', '0', ...args], folder, env)
  const output = collect(child)
  child.stdin?.end()
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await ended
  })
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const line = /^Sallyport listens on (http:\S+)$/m.exec(output.stdout)?.[1]
      if (line !== undefined) resolve(line)
    }
    child.stdout?.on('data', look)
    void ended.then((code) => reject(new Error(`ended with ${code}: ${output.stderr}`)))
  })
  return { url, child, output, ended }
}

function start(args: readonly string[], folder: string, env: Surroundings['env'] = {}): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'pipe',
  })
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.once('close', () => noteWritten('program', `${output.stdout}\n${output.stderr}`))
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return output
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
