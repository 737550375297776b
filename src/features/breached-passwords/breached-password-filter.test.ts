import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openFilter } from './breached-password-filter.js'
import { buildFilter } from './breached-password-filter-build.js'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-filter-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newPath = () => join(folder, `${++files}`)
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()

async function built(text: string | Buffer, options: { readonly minCount?: number; readonly memory?: number } = {}) {
  const [input, output] = [newPath(), newPath()]
  writeFileSync(input, text)
  const made = await buildFilter({ input, output, ...options })
  const filter = await openFilter(output)
  onTestFinished(() => filter.close())
  return { ...made, output, filter }
}

describe('a filter of known passwords', () => {
  it('knows every password that went in, as hashes or as they are', async () => {
    const text = `${sha1('password123')}:42\r\n${sha1('hunter2').toLowerCase()}\ntr0ub4dor&3\n\ncafe\u0301 au lait`
    const { filter, entries } = await built(text)
    expect(entries).toBe(4)
    for (const known of ['password123', 'hunter2', 'tr0ub4dor&3', 'café au lait']) {
      expect([known, await filter.isKnown(known)]).toEqual([known, true])
    }
    expect(await filter.isKnown('correct horse battery')).toBe(false)
  })

  it('leaves out what was seen too seldom', async () => {
    const { filter, entries } = await built(`${sha1('often')}:10\n${sha1('seldom')}:9\n`, { minCount: 10 })
    expect(entries).toBe(1)
    expect([await filter.isKnown('often'), await filter.isKnown('seldom')]).toEqual([true, false])
  })

  it('takes one in 7,000 unknown passwords for a known one, and no known one for unknown', async () => {
    const text = Array.from({ length: 20_000 }, (_, n) => `known ${n}`).join('\n')
    const { filter, bytes } = await built(text)
    expect(bytes).toBeLessThan(20_000 * 2.6)
    let missed = 0
    for (let n = 0; n < 20_000; n++) if (!(await filter.isKnown(`known ${n}`))) missed++
    expect(missed).toBe(0)
    let wrong = 0
    for (let n = 0; n < 30_000; n++) if (await filter.isKnown(`unknown ${n}`)) wrong++
    // About four are expected; fourteen come once in a hundred thousand.
    expect(wrong).toBeLessThan(14)
  })

  it('is the same file however little memory it is built in', async () => {
    const text = Array.from({ length: 3000 }, () => randomBytes(20).toString('hex')).join('\n')
    const whole = await built(text)
    const inParts = await built(text, { memory: 640 })
    expect(readFileSync(inParts.output).equals(readFileSync(whole.output))).toBe(true)
  })

  it('keeps the old file where the new one could not be built, and leaves nothing beside it', async () => {
    const { output } = await built('one password\n')
    const before = readFileSync(output)
    for (const bad of ['', '\n\n', Buffer.alloc(200_000, 'x')]) {
      const input = newPath()
      writeFileSync(input, bad)
      await expect(buildFilter({ input, output })).rejects.toThrow(/has no lines|a line of more than/)
    }
    expect(readFileSync(output).equals(before)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('is opened whole or not at all', async () => {
    const { output } = await built('one password\nanother\n')
    await expect(openFilter(join(folder, 'nothing'))).rejects.toThrow(/filter: the file .* cannot be read \(ENOENT\)/)
    await expect(openFilter(folder)).rejects.toThrow()
    const text = newPath()
    writeFileSync(text, 'x'.repeat(500))
    await expect(openFilter(text)).rejects.toThrow(/was not made by `sallyport breached build`/)
    truncateSync(output, 100)
    await expect(openFilter(output)).rejects.toThrow(/is incomplete: 100 of 128 bytes/)
  })
})
