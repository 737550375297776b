import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A private Redis (or sentinel) on a loopback port, with its data in a folder of its own. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Runs a command and gives what redis-cli prints. */
  cli(...words: readonly string[]): Promise<string>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  kill(): Promise<void>
  /** Starts again on the same port, with the data that it finds. */
  restart(): Promise<void>
  /** Saves a dump, and gives what puts it back: done while the server is down. */
  dump(): Promise<() => void>
  dispose(): Promise<void>
}

// Ends the server with its parent, however that ends: the pipe on standard input closes.
const KEEPER = 'exec 3<&0; "$@" & server=$!; { cat >/dev/null; kill -9 $server; } <&3 2>/dev/null & wait $server'

let program: string | undefined

function redisServerProgram(): string {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'system-packages.mjs')
  program ??= execFileSync(process.execPath, [script, 'redis'], { encoding: 'utf8' }).trim()
  return program
}

/** Does not hold up the event loop, which the nodes of the test run on. */
export async function redisCli(...words: readonly string[]): Promise<string> {
  const cli = join(dirname(redisServerProgram()), 'redis-cli')
  const { stdout } = await promisify(execFile)(cli, [...words], { encoding: 'utf8', timeout: 20_000 })
  return stdout.trim()
}

/** @param settings lines of redis.conf; with `sentinel …` among them it is a sentinel */
export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  const binary = redisServerProgram()
  const home = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  const port = await freePort()
  const isSentinel = settings.some((line) => line.startsWith('sentinel '))
  const configuration = join(home, 'redis.conf')
  const own = isSentinel ? [] : ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0', 'enable-debug-command yes']
  writeFileSync(
    configuration,
    [`port ${port}`, 'bind 127.0.0.1', 'protected-mode no', `dir ${home}`, `pidfile ${home}/pid`, ...own, ...settings]
      .map((line) => `${line}\n`)
      .join(''),
  )
  const password = settings.find((line) => line.startsWith('requirepass '))?.split(' ')[1]
  const cli = (...words: readonly string[]) =>
    redisCli('-p', String(port), ...(password ? ['--no-auth-warning', '-a', password] : []), ...words)
  let child = await launch()

  async function launch(): Promise<ChildProcess> {
    const words = [binary, configuration, ...(isSentinel ? ['--sentinel'] : [])]
    const started = spawn('/bin/sh', ['-c', KEEPER, 'sh', ...words], { stdio: ['pipe', 'pipe', 'ignore'] })
    let log = ''
    await new Promise<void>((resolve, reject) => {
      started.stdout?.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-4000)
        if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve()
      })
      started.once('exit', () => reject(new Error(`Redis did not start: ${log}`)))
    })
    return started
  }

  const pid = () => Number(readFileSync(join(home, 'pid'), 'utf8'))
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    process.kill(pid(), 'SIGKILL')
    await ended
    child.stdin?.end()
  }

  return {
    port,
    url: `redis://${password ? `:${password}@` : ''}127.0.0.1:${port}`,
    cli,
    signal: (signal) => process.kill(pid(), signal),
    kill,
    async restart() {
      child = await launch()
    },
    async dump() {
      await cli('save')
      copyFileSync(join(home, 'dump.rdb'), join(home, 'old.rdb'))
      return () => copyFileSync(join(home, 'old.rdb'), join(home, 'dump.rdb'))
    },
    async dispose() {
      await kill()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No free port')
  return address.port
}

/** Looks again and again until `look` gives true, a look that throws counting as false; the time is only for giving up. */
export async function until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  let failure: unknown
  for (const start = performance.now(); performance.now() - start < 20_000; await sleep(20)) {
    try {
      if (await look()) return
    } catch (error) {
      failure = error
    }
  }
  throw new Error(`In vain: ${what}`, { cause: failure })
}
