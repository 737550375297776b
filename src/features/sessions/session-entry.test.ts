import { expect, it } from 'vitest'
import { decodeEntry, encodeEntry } from './session-entry.js'
import type { FoundSession } from './session-types.js'

const FOUND: FoundSession = {
  session: {
    id: '019b0000-0000-7000-8000-000000000001',
    tenantId: '019b0000-0000-7000-8000-000000000002',
    userId: '019b0000-0000-7000-8000-000000000003',
    salt: Buffer.alloc(32, 7).toString('base64'),
    keyId: 3,
    counter: 4,
    spends: [
      { at: 10, wasIdle: false },
      { at: 20, wasIdle: true },
    ],
    credentialVersion: 5,
    remember: true,
    authMethods: ['password', 'totp'],
    authTime: 30,
    ipAddress: null,
    userAgent: 'Föx "1"',
    createdAt: 40,
    lastActivity: 50,
    refreshedAt: 60,
    refreshExpiresAt: 70,
    absoluteExpiresAt: 80,
    revokedAt: null,
  },
  holder: {
    email: 'ada@example.com',
    emailVerified: false,
    username: 'ada lovelace',
    isGuest: false,
    createdAt: 90,
    credentialVersion: 5,
    disabledAt: null,
    roles: [],
    permissions: [],
  },
  now: 100,
  floor: 110,
}

const altered = (change: (values: unknown[]) => void) => {
  const values: unknown[] = JSON.parse(encodeEntry(FOUND).toString())
  change(values)
  return decodeEntry(Buffer.from(JSON.stringify(values)))
}

it('gives back what was put in', () => {
  expect(decodeEntry(encodeEntry(FOUND))).toEqual(FOUND)
  expect(altered(() => undefined)).toEqual(FOUND)
})

it('takes nothing of another shape', () => {
  for (const text of ['', 'x', 'null', '{}', '[]', '"x"', '1']) expect(decodeEntry(Buffer.from(text))).toBe(null)
  const { length } = JSON.parse(encodeEntry(FOUND).toString())
  for (let place = 0; place < length; place++) {
    const others = altered((values) => {
      values[place] = [values[place]]
    })
    expect([place, others]).toEqual([place, null])
  }
  expect(altered((values) => values.pop())).toBe(null)
  expect(altered((values) => values.push(1))).toBe(null)
})

it('takes no method of sign-in that it does not know, and none that proves nothing', () => {
  const of = (methods: FoundSession['session']['authMethods']) =>
    decodeEntry(encodeEntry({ ...FOUND, session: { ...FOUND.session, authMethods: methods } }))
  expect(of(['password'])?.session.authMethods).toEqual(['password'])
  expect(of(['bypass'])).toBe(null)
  expect(altered((values) => values.splice(11, 1, 'palm'))).toBe(null)
})
