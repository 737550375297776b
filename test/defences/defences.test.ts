import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEFENCES } from './defences.js'

const ROOT = join(import.meta.dirname, '../..')

it('every defence that `npm run test:defences` takes out stands where it is looked for, with the tests that miss it', () => {
  expect(DEFENCES.length).toBeGreaterThan(40)
  for (const { name, edits, tests } of DEFENCES) {
    for (const { file, from } of edits) {
      const text = readFileSync(join(ROOT, 'src', file), 'utf8')
      expect([name, text.split(from).length - 1]).toEqual([name, 1])
    }
    expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  }
})
