import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStrictJson } from './strict-json.js'

describe('parseStrictJson', () => {
  it('reads whatever JSON.parse reads, where no rule of its own forbids it', () => {
    const clean = fc
      .jsonValue({ maxDepth: 8, stringUnit: 'binary' })
      .filter((value) => !JSON.stringify(value).includes('\\u0000'))
    fc.assert(
      fc.property(clean, fc.constantFrom(0, 1, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('never accepts what JSON.parse refuses, nor fails in any other way than by a refusal', () => {
    const soup = fc.array(fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1', ' ', '\\u0061', 'null'))
    fc.assert(
      fc.property(soup, (parts) => {
        const text = parts.join('')
        let accepted = true
        try {
          parseStrictJson(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_request' })
          accepted = false
        }
        if (accepted) JSON.parse(text)
      }),
      { numRuns: 2000 },
    )
  })
})
