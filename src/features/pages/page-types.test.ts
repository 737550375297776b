import { expect, it } from 'vitest'
import { ERROR_CODES } from '../../contract/error-codes.js'
import { OUTCOMES } from './page-types.js'

it('pages have a word for what becomes of an address that somebody else has by now', () => {
  expect(OUTCOMES).toContain('email_taken')
})

it('pages name refusals as the API does', () => {
  const own = ['unreachable', 'failed']
  expect(OUTCOMES.filter((outcome) => !own.includes(outcome) && !(outcome in ERROR_CODES))).toEqual([])
})
