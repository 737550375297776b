import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { uuidv7 } from '../../runtime/ids.js'
import type { JwtSettings } from './token-settings.js'
import { type Verified, VerifiedTokens } from './token-verified.js'

const settings: JwtSettings = {
  issuer: 'sallyport',
  audience: 'sallyport',
  account: { honoured: true, lifetime: 900_000, sessionCheck: 'revocations' },
  guest: { honoured: true, lifetime: 60_000, sessionCheck: 'record' },
}
/** More than are kept at hand. */
const MANY = 1_300

function verified(number: number, isGuest = number % 2 === 1): Verified {
  return {
    digest: hash('sha256', `token ${number}`, 'binary'),
    identity: {
      userId: uuidv7(number),
      tenantId: '00000000-0000-7000-8000-000000000000',
      sessionId: uuidv7(number),
      email: isGuest ? null : `ада${number}@example.com`,
      emailVerified: !isGuest,
      username: `ada-${number}`,
      roles: isGuest ? [] : ['admin', 'user'],
      permissions: expect.any(Array),
      isGuest,
      createdAt: 1_763_000_000_000,
      authMethods: isGuest ? ['guest'] : ['password', 'totp'],
      authTime: 1_763_000_001_000,
      expiresAt: 1_763_000_002_000,
      tokenFormat: 'jwt',
    },
    kind: isGuest ? settings.guest : settings.account,
    issuedAt: 1_763_000_003_000,
    generation: 4,
    notedAt: 1_763_000_004_000.5,
    boundTo: isGuest ? undefined : 'network:abc',
    metBy: null,
  }
}

it('gives back all that it was given, also of tokens that nobody showed lately', () => {
  const tokens = new VerifiedTokens(settings)
  const all = Array.from({ length: MANY }, (_, number) => verified(number))
  for (const one of all) tokens.set(one)
  for (const one of [...all.slice(0, 4), ...all.slice(-2)]) {
    expect(tokens.get(one.digest)).toEqual(one)
    expect(Object.isFrozen(tokens.get(one.digest)?.identity.authMethods)).toBe(all.indexOf(one) < 4)
  }
})

it('knows a token by its whole digest', () => {
  const tokens = new VerifiedTokens(settings)
  const one = verified(1)
  tokens.set(one)
  for (let at = 0; at < one.digest.length; at++) {
    const other = String.fromCharCode(one.digest.charCodeAt(at) ^ 1)
    expect(tokens.get(one.digest.slice(0, at) + other + one.digest.slice(at + 1))).toBe(null)
  }
  expect(tokens.get(one.digest)).toBe(one)
})
