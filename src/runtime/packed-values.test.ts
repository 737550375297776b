import { expect, it } from 'vitest'
import { Malformed, PackedReader, PackedWriter } from './packed-values.js'

const UUID = '019b0000-0000-7000-8000-0000000000ff'
const NUMBERS = [0, 1, 63, 64, 255, 256, 65_535, 65_536, 1_763_000_000_000, 2 ** 48 - 1, 2 ** 48, 1e15, -1, 0.5]
const TEXTS = ['', 'ada', 'Föx "1"', '名前', 'x'.repeat(5_000)]

function written(): Buffer {
  const writer = new PackedWriter().start()
  for (const number of NUMBERS) writer.number(number)
  for (const text of TEXTS) writer.text(text)
  for (const id of [UUID, 'ada', UUID.toUpperCase()]) writer.id(id)
  return writer.number(null).text(null).flag(true).flag(false).base64('AAECAw==').raw('\u0000\u00ff').bytes()
}

function readAll(reader: PackedReader): void {
  expect(NUMBERS.map(() => reader.number())).toEqual(NUMBERS)
  expect(TEXTS.map(() => reader.text())).toEqual(TEXTS)
  expect([reader.id(), reader.id(), reader.id()]).toEqual([UUID, 'ada', UUID.toUpperCase()])
  expect([reader.numberOrNull(), reader.textOrNull()]).toEqual([null, null])
  expect([reader.flag(), reader.flag(), reader.base64()]).toEqual([true, false, 'AAECAw=='])
  expect(reader.raw(2)).toBe('\u0000\u00ff')
  reader.end()
}

it('gives back what was put in, as bytes and as characters', () => {
  readAll(new PackedReader(written().toString('latin1')))
  const reader = new PackedReader(new PackedWriter().start().text('ada').number(1e12).characters())
  expect([reader.text(), reader.number()]).toEqual(['ada', 1e12])
})

it('keeps nothing of what was written before', () => {
  const writer = new PackedWriter()
  writer.start().text('a longer text than the next one')
  expect(writer.start().number(7).bytes()).toEqual(Buffer.from([7]))
})

it('reads nothing that is not there', () => {
  const bytes = new PackedWriter().start().text('ada').number(1e12).characters()
  for (let length = 0; length < bytes.length; length++) {
    const reader = new PackedReader(bytes.slice(0, length))
    expect(() => [reader.text(), reader.number()]).toThrow(Malformed)
  }
  const left = new PackedReader(bytes)
  left.text()
  expect(() => left.end()).toThrow(Malformed)
  for (const byte of [0x40, 0x47, 0x7f, 0x82, 0xff]) {
    const reader = new PackedReader(String.fromCharCode(byte) + '\0'.repeat(8))
    expect(() => reader.number()).toThrow(Malformed)
  }
  expect(() => new PackedReader('\x02').flag()).toThrow(Malformed)
  expect(() => new PackedReader('\x80').number()).toThrow(Malformed)
})
