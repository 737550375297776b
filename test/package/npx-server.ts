import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface NpxServer {
  readonly url: string
  /** Milliseconds from the command to its line with the address. */
  readonly took: number
  /** What it has written on stderr. */
  errors(): string
  /** @returns the exit code */
  stop(): Promise<unknown>
}

/** A new user's machine: an empty folder, and an npm that has installed nothing yet. */
export interface NewUser {
  readonly folder: string
  /** `npx --package <tarball> sallyport serve`, until it says where it listens. */
  serve(tarball: string): Promise<NpxServer>
  /** `npm install <tarball>` in a folder of its own. @returns `npx sallyport serve` there */
  install(tarball: string): () => Promise<NpxServer>
  /** Where npx has installed the package, with what it depends on; null before the first time. */
  installed(): string | null
  remove(): void
}

export function newUser(): NewUser {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-npx-')))
  const [folder, cache] = [join(home, 'empty'), join(home, 'npm')]
  mkdirSync(folder)
  mkdirSync(cache)
  // What npm has downloaded before is the same for everybody; what npx has installed is not.
  const shared = join(execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim(), '_cacache')
  if (existsSync(shared)) symlinkSync(shared, join(cache, '_cacache'))
  const npx = join(cache, '_npx')
  return {
    folder,
    serve: (tarball) => serve(['--package', tarball], folder, cache),
    install(tarball) {
      const project = join(home, 'project')
      mkdirSync(project)
      const words = ['install', tarball, ...QUIETLY, '--cache', cache]
      execFileSync('npm', words, { cwd: project, env: ownEnvironment(), stdio: 'ignore' })
      return () => serve([], project, cache)
    },
    installed() {
      const [name] = existsSync(npx) ? readdirSync(npx) : []
      return name === undefined ? null : join(npx, name)
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

const QUIETLY = ['--yes', '--prefer-offline', '--no-audit', '--no-fund']

async function serve(from: readonly string[], folder: string, cache: string): Promise<NpxServer> {
  const started = performance.now()
  const child = spawn('npx', [...QUIETLY, '--cache', cache, ...from, 'sallyport', 'serve', '--port', '0'], {
    cwd: folder,
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npx starts a shell, which keeps a signal to itself.
    detached: true,
  })
  const { pid } = child
  let [output, errors] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'close').then(([code]: unknown[]) => code)
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += String(text)
    const url = /listens on (http:\S+)/.exec(output)?.[1]
    if (url === undefined) continue
    return {
      url,
      took: performance.now() - started,
      errors: () => errors,
      stop() {
        if (pid !== undefined) process.kill(-pid, 'SIGTERM')
        return ended
      },
    }
  }
  throw new Error(`npx ended with ${await ended}: ${errors}`)
}

/** The machine's environment, proxies and certificates included, without what the npm that runs the tests has set. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$|^VITEST/.test(name)))
}
