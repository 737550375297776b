import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { leaksIn } from './search-records.js'

const TOKEN = `sps_${'Qm9-_hA7tYkPq3Zs0VxW2LrNcD8eJfGi'.repeat(3)}`
const PASSWORD = 'a pass/word of s\u00f6mebody'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-records-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function record(file: string, ...texts: readonly string[]): void {
  appendFileSync(join(folder, file), texts.map((text) => `${JSON.stringify(text)}\n`).join(''))
}

// ASVS 16.2.5
describe('the search at the end of the run', () => {
  it.each([
    ['as it is', TOKEN],
    ['in base64', Buffer.from(`x${TOKEN}`).toString('base64')],
    ['in base64url', Buffer.from(`:${PASSWORD}`).toString('base64url')],
    ['in hexadecimal', Buffer.from(PASSWORD).toString('hex')],
    ['in a URL', encodeURIComponent(PASSWORD)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ PASSWORD }))],
  ])('finds a secret that one process used in what another wrote, %s', (_how, leak) => {
    record('1.secrets', TOKEN)
    record('2.secrets', PASSWORD)
    record('1.written', 'log: started')
    record('3.written', `stderr: something went wrong with ${leak}`)
    expect(leaksIn(folder)).toMatchObject({ leaks: [expect.stringContaining('something went wrong')], secrets: 2 })
  })

  it('finds nothing where nothing is', () => {
    record('1.secrets', TOKEN, PASSWORD)
    record('1.written', 'log: sps_[redacted]', 'stdout: Sallyport listens on http://127.0.0.1:3000')
    expect(leaksIn(folder).leaks).toEqual([])
  })
})
