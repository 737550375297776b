import { describe, expect, it } from 'vitest'
import { contextWords, isVariantOf } from './password-context.js'

const tenant = { name: 'Blue Harbour', slug: 'blue-harbour' }
const ada = { email: 'ada.lovelace@engine-works.example', username: 'Ada L.', tenant }

describe('the words that a guess would start from', () => {
  it('are those of the address, the user, the tenant and the service, alone and together', () => {
    expect(contextWords(ada, ['Sallyport'])).toEqual([
      ...['ada l.', 'adal', 'ada.lovelace', 'adalovelace', 'lovelace', 'engine-works', 'engineworks', 'engine'],
      ...['works', 'example', 'blue harbour', 'blueharbour', 'blue', 'harbour', 'blue-harbour', 'sallyport'],
    ])
  })

  it('are no numbers and nothing short, and are few, however long a name is', () => {
    const username = Array.from({ length: 500 }, (_, n) => `word${n}`).join(' ')
    expect(contextWords({ email: '123456@a.io', username: 'bob', tenant: { name: 'x', slug: 'x' } }, [])).toEqual([])
    expect(contextWords({ email: null, username, tenant }, [])).toHaveLength(24)
  })
})

// ASVS 6.2.11
describe('a password made of such a word', () => {
  const words = contextWords(ada, ['Sallyport'])

  it.each([
    'lovelace',
    'LoveLace1815!',
    'l0v3l4c3!!',
    'ecalevol',
    'adalovelace99',
    'ada.lovelace',
    'Sallyport2026!',
    'sallyport-admin-2026',
    'Password4Lovelace',
    'S@llyP0rt#1',
    'harbour-blue',
    'lóvelace1',
    '2026 harbour',
  ])('is a variant of it: %s', (password) => {
    expect(isVariantOf(words, password)).toBe(true)
  })

  it.each([
    'correct horse battery',
    'lovelace sails on tuesdays',
    'harbour-9f3kq27x',
    'SecurePass123!',
    'glove laces of wool',
    '12345678',
  ])('is more than that, or something else: %s', (password) => {
    expect(isVariantOf(words, password)).toBe(false)
  })
})
