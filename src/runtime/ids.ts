import { randomFillSync } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const RANDOM_BYTES = 10
const pool = Buffer.alloc(RANDOM_BYTES * 256)
let used = pool.length
const made = Buffer.alloc(16)

const MOST_IN_A_MILLISECOND = 0xfff
let lastTime = 0
let sequence = 0

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a 12-bit sequence (§6.2, method 1) so that ids of one process sort
 * in the order they were made, and 62 random bits. An identifier, never a secret.
 * @param milliseconds since the epoch
 */
export function uuidv7(milliseconds: number): string {
  refill()
  pool.copy(made, 6, used, used + RANDOM_BYTES)
  used += RANDOM_BYTES
  // Half of the sequence is left to count up from a random start.
  const isNext = milliseconds === lastTime && sequence < MOST_IN_A_MILLISECOND
  sequence = isNext ? sequence + 1 : made.readUInt16BE(6) & (MOST_IN_A_MILLISECOND >> 1)
  lastTime = milliseconds
  made.writeUIntBE(milliseconds, 0, 6)
  made.writeUInt16BE(0x7000 | sequence, 6)
  made.writeUInt8(0x80 | (made.readUInt8(8) & 0x3f), 8)
  return uuidFromBytes(made)
}

function refill(): void {
  if (used < pool.length) return
  randomFillSync(pool)
  used = 0
}

/** True for the canonical, lower-case text of a UUID of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** When a UUIDv7 was made, milliseconds since the epoch, by the clock of its maker. */
export function timeOfUuidv7(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
}

/** The last 32 bits of a UUID, as a signed integer. */
export function last32Bits(uuid: string): number {
  return Number.parseInt(uuid.slice(-8), 16) | 0
}

/** The sixteen bytes of a canonical UUID. */
export function uuidToBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1')
/** Where each of the sixteen bytes is spelt. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]
const spelling = Buffer.alloc(36, '-')

/** The canonical text of sixteen bytes: one flat string, since it is held and looked up by. */
export function uuidFromBytes(bytes: Buffer): string {
  for (let index = 0; index < 16; index++) spell(index, bytes[index] ?? 0)
  return spelling.toString('latin1')
}

/** The canonical text of sixteen characters, each of which stands for a byte. */
export function uuidFromCharacters(characters: string, from: number): string {
  for (let index = 0; index < 16; index++) spell(index, characters.charCodeAt(from + index))
  return spelling.toString('latin1')
}

function spell(index: number, byte: number): void {
  const place = PLACES[index] ?? 0
  spelling[place] = DIGITS[byte >> 4] ?? 0
  spelling[place + 1] = DIGITS[byte & 15] ?? 0
}
