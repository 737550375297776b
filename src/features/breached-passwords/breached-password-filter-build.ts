import { hash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import {
  addTo,
  BLOCK_BYTES,
  blockOf,
  type FilterHeader,
  filterBytes,
  HEADER_BYTES,
  headerFor,
  writeHeader,
} from './breached-password-filter-format.js'

export interface FilterBuild {
  /** A text of lines: `<SHA-1 in hexadecimal>[:<count>]` or passwords. */
  readonly input: string
  /** Takes the place of a file of that name once it is complete. */
  readonly output: string
  /** Hashes that were seen less often are left out; default 1. */
  readonly minCount?: number
  /** The most of the filter that is held in memory; the input is read once for each such part, and once to count. */
  readonly memory?: number
  /** @param share of the work that is done, 0 to 1 */
  readonly onProgress?: (share: number) => void
}

const CHUNK = 1024 * 1024
const MEMORY = 256 * 1024 * 1024
/** Nobody's password is longer; it is no text of lines. */
const LONGEST_LINE = 64 * 1024
const SHA1_BYTES = 20
const SHA1_DIGITS = 2 * SHA1_BYTES
const [NEWLINE, RETURN, COLON] = [0x0a, 0x0d, 0x3a]

/**
 * Writes the filter that `auth.password.breached: offline` looks into, in memory that does not grow with the input.
 * @returns how many lines went in, and the size of the file
 * @throws Error for an input that is no text of lines, or has none
 */
export async function buildFilter(build: FilterBuild): Promise<{ readonly entries: number; readonly bytes: number }> {
  const { output, minCount = 1, memory = MEMORY, onProgress = () => undefined } = build
  const input = await open(build.input, 'r')
  const part = `${output}.part`
  try {
    const { size } = await input.stat()
    let entries = 0
    const read = (work: (sha1: Buffer) => void, report: (bytes: number) => void) =>
      forEachHash(input, minCount, work, report)
    const perPart = Math.max(1, Math.floor(memory / BLOCK_BYTES))
    // Until the entries are counted, the number of parts is not known.
    await read(
      () => entries++,
      (bytes) => onProgress(bytes / size / 2),
    )
    if (entries === 0) throw new Error('the input has no lines')
    const header = headerFor(entries)
    const parts = Math.ceil(header.blocks / perPart)
    const file = await open(part, 'w', 0o644)
    try {
      await file.write(writeHeader(header), 0, HEADER_BYTES, 0)
      for (let n = 0; n < parts; n++) {
        await writePart(file, header, { from: n * perPart, most: perPart }, (work) =>
          read(work, (bytes) => onProgress(0.5 + (n + bytes / size) / parts / 2)),
        )
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, output)
    return { entries, bytes: filterBytes(header) }
  } catch (error) {
    await rm(part, { force: true })
    throw error
  } finally {
    await input.close()
  }
}

async function writePart(
  file: FileHandle,
  { blocks }: FilterHeader,
  { from, most }: { readonly from: number; readonly most: number },
  read: (work: (sha1: Buffer) => void) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.alloc(Math.min(most, blocks - from) * BLOCK_BYTES)
  await read((sha1) => {
    const at = (blockOf(sha1, blocks) - from) * BLOCK_BYTES
    if (at >= 0 && at < bytes.length) addTo(bytes, at, sha1)
  })
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const length = Math.min(CHUNK, bytes.length - at)
    await file.write(bytes, at, length, HEADER_BYTES + from * BLOCK_BYTES + at)
  }
}

/** Calls `work` with the SHA-1 of every line; the buffer is the same each time. */
async function forEachHash(
  file: FileHandle,
  minCount: number,
  work: (sha1: Buffer) => void,
  report: (bytes: number) => void,
): Promise<void> {
  const buffer = Buffer.alloc(CHUNK + LONGEST_LINE)
  const sha1 = Buffer.alloc(SHA1_BYTES)
  const take = (line: Buffer) => {
    const text = line.at(-1) === RETURN ? line.subarray(0, -1) : line
    if (text.length > 0 && readLine(text, sha1, minCount)) work(sha1)
  }
  let held = 0
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, held, CHUNK, position)
    position += bytesRead
    const end = held + bytesRead
    let start = 0
    for (let at = buffer.indexOf(NEWLINE); at !== -1 && at < end; at = buffer.indexOf(NEWLINE, start)) {
      take(buffer.subarray(start, at))
      start = at + 1
    }
    if (bytesRead === 0) {
      take(buffer.subarray(start, end))
      return
    }
    held = end - start
    if (held > LONGEST_LINE) throw new Error(`the input has a line of more than ${LONGEST_LINE} bytes`)
    buffer.copyWithin(0, start, end)
    report(position)
  }
}

/** Puts the SHA-1 of a line into `sha1`; false for one that was seen too seldom. */
function readLine(line: Buffer, sha1: Buffer, minCount: number): boolean {
  const isHash = line.length >= SHA1_DIGITS && (line.length === SHA1_DIGITS || line[SHA1_DIGITS] === COLON)
  if (isHash && readHex(line, sha1)) {
    return minCount <= 1 || Number(line.toString('latin1', SHA1_DIGITS + 1)) >= minCount
  }
  hash('sha1', line.toString('utf8').normalize('NFC'), 'buffer').copy(sha1)
  return true
}

/** False where a digit is none. */
function readHex(line: Buffer, into: Buffer): boolean {
  for (let at = 0; at < SHA1_BYTES; at++) {
    const high = HEX[line[2 * at] ?? 0] ?? -1
    const low = HEX[line[2 * at + 1] ?? 0] ?? -1
    if (high < 0 || low < 0) return false
    into[at] = (high << 4) | low
  }
  return true
}

const HEX = Int8Array.from({ length: 256 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
)
