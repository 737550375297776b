import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { last32Bits, uuidv7 } from '../../runtime/ids.js'
import { csrfKeyId, encodeCsrfToken, encodePair, isGenuine, parseToken, sessionBitsOf } from './token-codec.js'

const key = { id: 7, secret: randomBytes(32) }
const salt = randomBytes(32)
const subject = { tenantId: uuidv7(1), sessionId: uuidv7(2), counter: 41 }

function genuine(text: string, under = key, withSalt = salt): boolean {
  const token = parseToken(text)
  return token !== null && isGenuine(token, under, withSalt)
}

// ASVS 7.2.1, 7.2.2, 7.2.3, 11.5.1
describe('a session token', () => {
  it('carries where its session is, and is genuine under its key and salt', () => {
    const { access, refresh } = encodePair(key, salt, subject)
    expect(parseToken(access)).toMatchObject({ kind: 'access', ...subject, keyId: 7 })
    expect(parseToken(refresh)).toMatchObject({ kind: 'refresh', ...subject, keyId: 7 })
    expect(genuine(access) && genuine(refresh)).toBe(true)
  })

  it('tells the end of its session’s id without being read', () => {
    for (let round = 0; round < 500; round++) {
      const sessionId = uuidv7(round)
      const { access, refresh } = encodePair(key, salt, { ...subject, sessionId })
      expect([sessionBitsOf(access), sessionBitsOf(refresh)]).toEqual([last32Bits(sessionId), last32Bits(sessionId)])
    }
    for (const text of ['', 'x', 'sps_', 'é'.repeat(104), '\uffff'.repeat(104)]) expect(sessionBitsOf(text)).toBe(0)
  })

  it('is a MAC under a key that HKDF-SHA256 (RFC 5869) derives for the session', () => {
    const bytes = Buffer.from(encodePair(key, salt, subject).access.slice(4), 'base64url')
    const derived = hkdfSync('sha256', key.secret, salt, 'sallyport/v1/session-tokens', 32)
    const expected = createHmac('sha256', Buffer.from(derived)).update('sps_').update(bytes.subarray(32)).digest()
    expect(bytes.subarray(0, 32)).toEqual(expected)
  })

  it('is the same again for the same pair, and different for every other', () => {
    expect(encodePair(key, salt, subject)).toEqual(encodePair(key, salt, subject))
    const others = [
      encodePair(key, salt, { ...subject, counter: 42 }),
      encodePair(key, salt, { ...subject, sessionId: uuidv7(2) }),
      encodePair(key, salt, { ...subject, tenantId: uuidv7(1) }),
      encodePair({ ...key, id: 8 }, salt, subject),
      encodePair(key, randomBytes(32), subject),
    ]
    expect(
      new Set([encodePair(key, salt, subject), ...others].flatMap(({ access, refresh }) => [access, refresh])).size,
    ).toBe(12)
  })

  it('is refused under another key, another salt, or as the other kind', () => {
    const { access } = encodePair(key, salt, subject)
    expect(genuine(access, { id: 7, secret: randomBytes(32) })).toBe(false)
    expect(genuine(access, key, randomBytes(32))).toBe(false)
    expect(genuine(access.replace('sps_', 'spr_'))).toBe(false)
  })

  it('is refused with any one character changed, cut at any place, or spelt another way', () => {
    const { access } = encodePair(key, salt, subject)
    for (let at = 0; at < access.length; at++) {
      const other = access[at] === 'A' ? 'B' : 'A'
      expect(genuine(access.slice(0, at) + other + access.slice(at + 1))).toBe(false)
      expect(genuine(access.slice(0, at))).toBe(false)
    }
    for (const spelling of [
      `${access}=`,
      ` ${access}`,
      `${access}\n`,
      access.toUpperCase(),
      `${access}AAAA`,
      access.replaceAll('_', '/'),
    ]) {
      expect(genuine(spelling)).toBe(false)
    }
  })

  it('has no prefix in common with another one beyond the four letters that scanners look for', () => {
    const tokens = Array.from({ length: 2_000 }, (_, counter) => encodePair(key, salt, { ...subject, counter }).access)
    expect(new Set(tokens).size).toBe(2_000)
    expect(new Set(tokens.map((token) => token.slice(4, 5))).size).toBeGreaterThan(50)
  })
})

describe('a CSRF token', () => {
  it('belongs to one session and names its key', () => {
    const token = encodeCsrfToken(key, salt, subject.sessionId)
    expect(csrfKeyId(token)).toBe(7)
    expect(encodeCsrfToken(key, salt, uuidv7(2))).not.toBe(token)
    for (const text of ['', '7', '7.', 'x.y', `${token}A`, '__proto__']) expect(csrfKeyId(text)).toBeNull()
  })
})
