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

it('gives back what was put in', () => {
  expect(decodeEntry(encodeEntry(FOUND))).toEqual(FOUND)
  const { session, holder } = FOUND
  const ended = {
    ...FOUND,
    session: { ...session, userId: 'ada', ipAddress: '203.0.113.7', userAgent: null, authMethods: [], revokedAt: 95 },
    holder: { ...holder, email: null, isGuest: true, disabledAt: 96 },
  }
  expect(decodeEntry(encodeEntry(ended))).toEqual(ended)
})

it('takes nothing of another shape', () => {
  const bytes = encodeEntry(FOUND)
  for (let length = 0; length < bytes.length; length++) expect(decodeEntry(bytes.subarray(0, length))).toBe(null)
  expect(decodeEntry(Buffer.concat([bytes, Buffer.from([0])]))).toBe(null)
  expect(decodeEntry(Buffer.from(JSON.stringify(FOUND)))).toBe(null)
})

it('takes no method of sign-in that it does not know', () => {
  const text = encodeEntry(FOUND).toString('latin1')
  expect(decodeEntry(Buffer.from(text.replace('password', 'passw0rd'), 'latin1'))).toBe(null)
})
