import { hash } from 'node:crypto'

/**
 * A blocked Bloom filter in a file: each SHA-1 has one block of 64 bytes, and eleven bits in it, so that a look-up reads
 * 64 bytes. With 20 bits an entry about one in 7,000 passwords that are not in it passes for known, and none that is in
 * it passes for absent. Blocks stand in the order of the hashes, so that a part of the file is a part of the hashes.
 *
 * Header, 64 bytes: `SPBLOOM1`, blocks (u32), entries (f64), SHA-256 of what stands before (32 bytes), zeros. Big-endian.
 */
export const HEADER_BYTES = 64
export const BLOCK_BYTES = 64
const MAGIC = Buffer.from('SPBLOOM1', 'latin1')
const BITS_PER_ENTRY = 20
const BITS_SET = 11
const BLOCK_BITS = BLOCK_BYTES * 8
const DIGEST_AT = 20
const DIGEST_BYTES = 32
/** What 32 bits of a hash can be spread over: some four thousand million entries. */
const MOST_BLOCKS = 2 ** 28

export interface FilterHeader {
  readonly blocks: number
  readonly entries: number
}

/** @throws Error for more entries than a filter holds */
export function headerFor(entries: number): FilterHeader {
  const blocks = Math.max(1, Math.ceil((entries * BITS_PER_ENTRY) / BLOCK_BITS))
  if (blocks > MOST_BLOCKS) throw new Error('there are more entries than a filter holds')
  return { blocks, entries }
}

export function filterBytes({ blocks }: FilterHeader): number {
  return HEADER_BYTES + blocks * BLOCK_BYTES
}

export function writeHeader({ blocks, entries }: FilterHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32BE(blocks, 8)
  header.writeDoubleBE(entries, 12)
  hash('sha256', header.subarray(0, DIGEST_AT), 'buffer').copy(header, DIGEST_AT)
  return header
}

/** Null where the bytes are no header of a filter. */
export function readHeader(header: Buffer): FilterHeader | null {
  const digest = hash('sha256', header.subarray(0, DIGEST_AT), 'buffer')
  const isOurs =
    header.length === HEADER_BYTES &&
    header.subarray(0, MAGIC.length).equals(MAGIC) &&
    header.subarray(DIGEST_AT, DIGEST_AT + DIGEST_BYTES).equals(digest)
  return isOurs ? { blocks: header.readUInt32BE(8), entries: header.readDoubleBE(12) } : null
}

/** The block that a SHA-1 belongs to; a higher hash never has a lower one. */
export function blockOf(sha1: Buffer, blocks: number): number {
  return Math.min(blocks - 1, Math.floor((sha1.readUInt32BE(0) / 2 ** 32) * blocks))
}

/** Sets the bits of a SHA-1 in its block, which begins at `at`. */
export function addTo(bytes: Buffer, at: number, sha1: Buffer): void {
  for (let n = 0; n < BITS_SET; n++) {
    const bit = bitOf(sha1, n)
    const place = at + (bit >> 3)
    bytes[place] = (bytes[place] ?? 0) | (1 << (bit & 7))
  }
}

/** True where all bits of a SHA-1 are set in its block. */
export function isIn(block: Buffer, sha1: Buffer): boolean {
  for (let n = 0; n < BITS_SET; n++) {
    const bit = bitOf(sha1, n)
    if (((block[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/** Nine bits of the hash for each, behind those that choose the block. */
function bitOf(sha1: Buffer, n: number): number {
  const from = 9 * n
  return (sha1.readUInt16BE(4 + (from >> 3)) >> (7 - (from & 7))) & (BLOCK_BITS - 1)
}
