import { describe, expect, it } from 'vitest'
import { asvsPage, testsIn } from '../../scripts/asvs-page.js'

const claim = { section: 'V1', id: '1.2.3', level: 1, requirement: 'something', grade: 'held', note: '' } as const
const tagged = "// ASVS 1.2.3\nit('shows something', () => {})\n"

describe('the page of security claims', () => {
  it('names the test that is tagged with a claim', () => {
    const page = asvsPage([claim], testsIn('a.test.ts', tagged))
    expect(page).toContain('| 1.2.3 | 1 | something | held | `a.test.ts`: shows something |')
  })

  it.each([
    ['a claim whose test has gone', [claim], "it('shows something', () => {})", '1.2.3 is claimed to be held'],
    ['a tag of nothing that is claimed', [], tagged, 'is tagged with 1.2.3'],
    ['a tag that no test follows', [claim], '// ASVS 1.2.3\nconst x = 1\n', 'a.test.ts:1: no test follows'],
  ])('is not written with %s', (_what, claims, text, message) => {
    expect(() => asvsPage(claims, testsIn('a.test.ts', text))).toThrow(message)
  })
})
