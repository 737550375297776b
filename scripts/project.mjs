import { spawn } from 'node:child_process'
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, whatever folder a script is started from. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What scripts remember between runs; never committed, safe to delete. */
export const cache = join(root, '.cache')
mkdirSync(cache, { recursive: true })

/** A failure that is explained by its one line; a stack would only hide it. */
export class ScriptError extends Error {}

/**
 * Runs a program in the project's folder with this terminal.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, quiet?: boolean }} [options] `quiet` prints the output only after a failure
 * @returns {Promise<void>} rejects with a `ScriptError` when the exit code is not 0
 */
export function run(program, args, options = {}) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', options.quiet ? 'pipe' : 'inherit', options.quiet ? 'pipe' : 'inherit'],
  })
  const output = []
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => output.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new ScriptError(`${program} could not be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve()
        return
      }
      process.stderr.write(Buffer.concat(output))
      reject(new ScriptError(`${program} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`))
    })
  })
}

/**
 * Runs the program of an installed package, such as `tsc`.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runTool(name, args, options) {
  return run(join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name), args, options)
}

/**
 * Runs npm: the one that started this script, else the one on PATH.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runNpm(args, options) {
  const npm = process.env.npm_execpath
  return npm?.endsWith('npm-cli.js') ? run(process.execPath, [npm, ...args], options) : run('npm', args, options)
}

/**
 * Runs a script's work; a `ScriptError` becomes one line and exit code 1.
 * @param {() => Promise<void>} work
 */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    console.error(error instanceof ScriptError ? `sallyport: ${error.message}` : error)
    process.exitCode = 1
  }
}

/** npm runs scripts in a shell that keeps a SIGTERM to itself. When that shell is gone, this process is to go as well. */
export function stopWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  timer.unref()
}

/** @param {string} url the caller's `import.meta.url` @returns {boolean} true when node was started with that file */
export function isStartedDirectly(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1])
}
