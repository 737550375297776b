import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPostgres, type PostgresBinaries, type ServerUser, serverUser } from './postgres-binaries.js'

export interface PostgresServer {
  readonly port: number
  readonly dataDir: string
  /** The url of a database of this server. Default: `postgres`. */
  url(database?: string): string
  /** Shuts down in order, and leaves the data. */
  stop(): Promise<void>
  /** kill -9 of the server and all of its processes, as in a power cut of its machine; what it had not synced is still in the file cache. */
  kill(): Promise<void>
  /** Starts again on the same port and data, after `stop` or `kill`. Resolves when it answers. */
  restart(): Promise<void>
  /** Stops, and deletes the data if `startPostgres` made the folder. */
  dispose(): Promise<void>
}

export interface PostgresServerOptions {
  /** An absolute path of data to go on with, or of a folder to make it in. Default: a temporary folder. */
  readonly dataDir?: string
  /** Further server settings, as in `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

const USER = 'sallyport'
const PREFIX = 'sallyport-pg-'
// Ends the server with its parent, however that ends: the pipe on standard input closes.
const KEEPER = 'exec 3<&0; "$@" & server=$!; { cat >/dev/null; kill -INT $server; } <&3 2>/dev/null & wait $server'

/** A private PostgreSQL on a free loopback port, with fsync on. Takes about a second the first time. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const user = serverUser()
  const binaries = findPostgres(user)
  const home = options.dataDir === undefined ? makeHome(user) : undefined
  const dataDir = options.dataDir ?? join(home ?? '', 'data')
  const passwordFile = join(dataDir, 'sallyport-password')
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(binaries, user, dataDir, passwordFile)
  const password = readFileSync(passwordFile, 'utf8')
  const port = await freePort()
  const settings = { fsync: 'on', ...options.settings }
  let keeper = await launch(binaries, user, dataDir, port, settings)

  const end = async (signal: NodeJS.Signals) => {
    if (keeper.exitCode !== null || keeper.signalCode !== null) return
    keeper.ref()
    const ended = once(keeper, 'exit')
    const postmaster = postmasterPid(dataDir)
    const backends = childrenOf(postmaster)
    process.kill(postmaster, signal)
    await ended
    keeper.stdin?.end()
    // They would answer until they notice, and one that a test has stopped never does.
    if (signal === 'SIGKILL') for (const backend of backends.filter(isRunning)) process.kill(backend, signal)
    while (backends.some(isRunning)) await sleep(5)
  }
  return {
    port,
    dataDir,
    url: (database = 'postgres') => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`,
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    async restart() {
      keeper = await launch(binaries, user, dataDir, port, settings)
    },
    async dispose() {
      await end('SIGINT')
      if (home !== undefined) rmSync(home, { recursive: true, force: true })
    },
  }
}

/** A standby of a server that is stopped for the copy, and started again; it takes over when told `select pg_promote()`. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const user = serverUser()
  const home = makeHome(user)
  const dataDir = join(home, 'data')
  await primary.stop()
  const { status, stderr } = spawnSync('cp', ['-a', primary.dataDir, dataDir], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The data could not be copied: ${stderr}`)
  writeFileSync(join(dataDir, 'standby.signal'), '')
  await primary.restart()
  const { password } = new URL(primary.url())
  const source = `host=127.0.0.1 port=${primary.port} user=${USER} password=${password}`
  const standby = await startPostgres({ dataDir, settings: { primary_conninfo: source } })
  return {
    ...standby,
    async dispose() {
      await standby.dispose()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function makeHome(user: ServerUser): string {
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(PREFIX)) removeIfAbandoned(name)
  }
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  chmodSync(home, 0o755)
  own(home, user)
  return home
}

function removeIfAbandoned(name: string): void {
  const pid = Number(name.slice(PREFIX.length).split('-')[0])
  try {
    process.kill(pid, 0)
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (gone) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function own(path: string, { uid, gid }: ServerUser): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

function initialise(binaries: PostgresBinaries, user: ServerUser, dataDir: string, passwordFile: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  own(dataDir, user)
  // initdb wants an empty folder, so the password waits beside it.
  const beside = `${dataDir}.password`
  writeFileSync(beside, randomBytes(12).toString('base64url'), { mode: 0o600 })
  own(beside, user)
  const { status, stderr } = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${dataDir}`,
      `--username=${USER}`,
      `--pwfile=${beside}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { ...user, cwd: '/', encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
  )
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  writeFileSync(passwordFile, readFileSync(beside), { mode: 0o600 })
  own(passwordFile, user)
  rmSync(beside)
}

async function launch(
  binaries: PostgresBinaries,
  user: ServerUser,
  dataDir: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    const { keeper, log } = await attemptLaunch(binaries, user, dataDir, port, settings)
    if (keeper.exitCode === null) return keeper
    // After kill -9 the old server's children take a moment to notice.
    if (!/still in use|is another postmaster|Address already in use/.test(log) || attempt === 100) {
      throw new Error(`PostgreSQL did not start: ${log}`)
    }
    await sleep(50)
  }
}

async function attemptLaunch(
  binaries: PostgresBinaries,
  user: ServerUser,
  dataDir: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<{ keeper: ChildProcess; log: string }> {
  const flags = Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    shared_buffers: '32MB',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', binaries.postgres, '-D', dataDir, ...flags], {
    ...user,
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let log = ''
  await new Promise<void>((resolve) => {
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4000)
      if (/ready to accept (read-only )?connections/.test(log)) resolve()
    })
    keeper.once('exit', () => resolve())
  })
  if (keeper.exitCode !== null) keeper.stdin?.end()
  // Neither the process nor its pipes keep a test run from ending.
  keeper.unref()
  for (const stream of [keeper.stdin, keeper.stderr]) {
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  return { keeper, log }
}

function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No free port')
  return address.port
}
