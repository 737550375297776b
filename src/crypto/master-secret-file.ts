import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const FILE = 'master.key'

/**
 * The master secret of an embedded deployment: read from `<folder>/master.key`, or made there once (256 random bits,
 * mode 0600). Two processes that start at once agree on one secret, and a crash leaves a whole file or none.
 * @returns the secret, and whether it was made just now
 * @throws Error when the folder cannot be written or the file is not a secret
 */
export function readOrCreateMasterSecret(folder: string): { readonly secret: string; readonly created: boolean } {
  try {
    return readOrCreate(folder)
  } catch (error) {
    if (!isErrnoException(error) || error.code === undefined) throw error
    throw new Error(`the data folder ${folder} cannot hold the master key: ${error.message}`, { cause: error })
  }
}

function readOrCreate(folder: string): { readonly secret: string; readonly created: boolean } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, FILE)
  const existing = readSecret(path)
  if (existing !== null) return { secret: existing, created: false }
  const draft = join(folder, `.${FILE}.${process.pid}.${randomBytes(4).toString('hex')}`)
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, `${randomBytes(32).toString('base64url')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  chmodSync(draft, 0o600)
  let created = true
  try {
    // link() fails where the name exists: the first process wins, and no reader sees half a file.
    linkSync(draft, path)
  } catch (error) {
    if (!isErrnoException(error) || error.code !== 'EEXIST') throw error
    created = false
  } finally {
    unlinkSync(draft)
  }
  syncFolder(folder)
  const secret = readSecret(path)
  if (secret === null) throw new Error(`${path} vanished while it was being made`)
  return { secret, created }
}

function readSecret(path: string): string | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (isErrnoException(error) && error.code === 'ENOENT') return null
    throw error
  }
  // An older umask or a copied folder may have opened it to others.
  chmodSync(path, 0o600)
  if (text.length < 32)
    throw new Error(
      `${path} does not hold a master key: restore it from a backup, since sessions and keys depend on it`,
    )
  return text
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function isErrnoException(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}
