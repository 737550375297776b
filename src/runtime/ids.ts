import { randomFillSync } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const pool = Buffer.alloc(10 * 256)
let used = pool.length

const MOST_IN_A_MILLISECOND = 0xfff
let lastTime = 0
let sequence = 0

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a 12-bit sequence (§6.2, method 1) so that ids of one process sort
 * in the order they were made, and 62 random bits. An identifier, never a secret.
 * @param milliseconds since the epoch
 */
export function uuidv7(milliseconds: number): string {
  const random = randomHex()
  // Half of the sequence is left to count up from a random start.
  const isNext = milliseconds === lastTime && sequence < MOST_IN_A_MILLISECOND
  sequence = isNext ? sequence + 1 : Number.parseInt(random.slice(0, 3), 16) >> 1
  lastTime = milliseconds
  const time = milliseconds.toString(16).padStart(12, '0')
  const order = sequence.toString(16).padStart(3, '0')
  const variant = ((Number.parseInt(random.slice(3, 4), 16) & 3) | 8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`
}

function randomHex(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 10
  return pool.toString('hex', used - 10, used)
}

/** True for the canonical, lower-case text of a UUID of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** When a UUIDv7 was made, milliseconds since the epoch, by the clock of its maker. */
export function timeOfUuidv7(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
}

/** The sixteen bytes of a canonical UUID. */
export function uuidToBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1')
const HYPHENS = new Set([4, 6, 8, 10])
const spelling = Buffer.alloc(36, '-')

/** The canonical text of sixteen bytes: one flat string, since it is held and looked up by. */
export function uuidFromBytes(bytes: Buffer): string {
  let at = 0
  for (let index = 0; index < 16; index++) {
    if (HYPHENS.has(index)) at++
    const byte = bytes[index] ?? 0
    spelling[at++] = DIGITS[byte >> 4] ?? 0
    spelling[at++] = DIGITS[byte & 15] ?? 0
  }
  return spelling.toString('latin1')
}
