import { isUuid, uuidFromCharacters } from './ids.js'

/** The first byte of a number: below `COUNTED` the number itself, then how many bytes of it follow. */
const COUNTED = 0x40
const NULL = 0x80
const DOUBLE = 0x81
const MOST_COUNTED = 2 ** 48

/** What was read is not what a `PackedWriter` wrote. */
export class Malformed extends Error {}

/** Puts values one behind the other in as few bytes as they need. A `PackedReader` takes them in the same order. */
export class PackedWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0

  start(): this {
    this.#length = 0
    return this
  }

  number(value: number | null): this {
    this.#reserve(9)
    if (value === null) this.#byte(NULL)
    else if (Number.isInteger(value) && value >= 0 && value < MOST_COUNTED) this.#integer(value)
    else {
      this.#byte(DOUBLE)
      this.#length = this.#bytes.writeDoubleBE(value, this.#length)
    }
    return this
  }

  flag(value: boolean): this {
    return this.number(value ? 1 : 0)
  }

  text(value: string | null): this {
    if (value === null) return this.number(null)
    const length = Buffer.byteLength(value)
    this.number(2 * length + (length === value.length ? 0 : 1)).#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
    return this
  }

  /** An id: that of nearly everything is a UUID. */
  id(value: string): this {
    return isUuid(value) ? this.flag(true).#encoded(value.replaceAll('-', ''), 16, 'hex') : this.flag(false).text(value)
  }

  /** Bytes that are held as base64. */
  base64(value: string): this {
    const length = Buffer.byteLength(value, 'base64')
    return this.number(length).#encoded(value, length, 'base64')
  }

  /** As many bytes as characters, of which the reader knows how many there are. */
  raw(characters: string): this {
    return this.#encoded(characters, characters.length, 'latin1')
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** A character for each byte: a Buffer takes a hundred bytes more. */
  characters(): string {
    return this.#bytes.toString('latin1', 0, this.#length)
  }

  #integer(value: number): void {
    let count = value < COUNTED ? 0 : 1
    for (let limit = 256; value >= limit; limit *= 256) count++
    this.#byte(count === 0 ? value : COUNTED + count)
    if (count > 0) this.#length = this.#bytes.writeUIntBE(value, this.#length, count)
  }

  #encoded(text: string, length: number, encoding: 'hex' | 'base64' | 'latin1'): this {
    this.#reserve(length)
    this.#length += this.#bytes.write(text, this.#length, length, encoding)
    return this
  }

  #byte(value: number): void {
    this.#length = this.#bytes.writeUInt8(value, this.#length)
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

const eight = Buffer.alloc(8)

/** Reads what a `PackedWriter` wrote, a character for each byte. @throws Malformed */
export class PackedReader {
  readonly #characters: string
  #at = 0

  constructor(characters: string) {
    this.#characters = characters
  }

  number(): number {
    const value = this.numberOrNull()
    if (value === null) throw new Malformed()
    return value
  }

  numberOrNull(): number | null {
    const first = this.#characters.charCodeAt(this.#take(1))
    if (first < COUNTED) return first
    if (first === NULL) return null
    if (first === DOUBLE) return this.#double()
    const count = first - COUNTED
    if (count < 1 || count > 6) throw new Malformed()
    let value = 0
    for (let at = this.#take(count); at < this.#at; at++) value = 256 * value + this.#characters.charCodeAt(at)
    return value
  }

  flag(): boolean {
    const value = this.number()
    if (value > 1) throw new Malformed()
    return value === 1
  }

  text(): string {
    const value = this.textOrNull()
    if (value === null) throw new Malformed()
    return value
  }

  textOrNull(): string | null {
    const length = this.numberOrNull()
    if (length === null) return null
    const text = this.raw(Math.floor(length / 2))
    return length % 2 === 0 ? text : Buffer.from(text, 'latin1').toString()
  }

  id(): string {
    return this.flag() ? uuidFromCharacters(this.#characters, this.#take(16)) : this.text()
  }

  base64(): string {
    return Buffer.from(this.raw(this.number()), 'latin1').toString('base64')
  }

  /** @param length of what was written by `raw` */
  raw(length: number): string {
    return this.#characters.slice(this.#take(length), this.#at)
  }

  /** Nothing is left over. */
  end(): void {
    if (this.#at !== this.#characters.length) throw new Malformed()
  }

  #double(): number {
    eight.write(this.raw(8), 'latin1')
    return eight.readDoubleBE(0)
  }

  #take(length: number): number {
    const at = this.#at
    this.#at += length
    if (this.#at > this.#characters.length) throw new Malformed()
    return at
  }
}
