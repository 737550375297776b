import { expect, it } from 'vitest'
import { uuidv7 } from '../../runtime/ids.js'
import { type RememberedSession, SessionMemory } from './session-memory.js'

const TENANT = '019b0000-0000-7000-8000-00000000000a'
const MUCH = 64 * 1024 * 1024
/** More than are kept at hand. */
const MANY = 1_300
const DIGEST = 'd'.repeat(32)

function held(id: string, more: Partial<RememberedSession> = {}): RememberedSession {
  return {
    found: {
      session: {
        id,
        tenantId: TENANT,
        userId: uuidv7(1_763_000_000_000),
        salt: Buffer.alloc(32, 7).toString('base64'),
        keyId: 3,
        counter: 4,
        spends: [{ at: 1_763_000_000_001, wasIdle: true }],
        credentialVersion: 5,
        remember: true,
        authMethods: ['password'],
        authTime: 1_763_000_000_002,
        ipAddress: '2001:db8::7',
        userAgent: 'Föx "1"',
        createdAt: 1_763_000_000_003,
        lastActivity: 1_763_000_000_004,
        refreshedAt: 1_763_000_000_005,
        refreshExpiresAt: 1_763_000_000_006,
        absoluteExpiresAt: 1_763_000_000_007,
        revokedAt: 1_763_000_000_008,
      },
      holder: {
        email: 'ada@example.com',
        emailVerified: true,
        username: 'ада',
        isGuest: false,
        createdAt: 1_763_000_000_009,
        credentialVersion: 6,
        disabledAt: null,
        roles: ['admin', 'user'],
        permissions: expect.any(Array),
      },
      now: 1_763_000_000_010,
      floor: 12,
    },
    readAt: 1_763_000_000_011.5,
    position: 13,
    mark: null,
    ...more,
  }
}

const idOf = (number: number) => `019b0000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

it('gives back all that it was given, also of sessions that nobody asked for lately', () => {
  const memory = new SessionMemory(MUCH)
  const all = numbers(MANY).map((number) =>
    held(idOf(number), { mark: number % 2 === 0 ? { digest: DIGEST, counter: number } : null }),
  )
  for (const one of all) memory.set(one)
  for (const number of [0, 1, 2, MANY - 1]) expect(memory.get(idOf(number))).toEqual(all[number])
  expect(numbers(MANY).map((number) => memory.get(idOf(number))?.mark?.counter)).toEqual(
    all.map(({ mark }) => mark?.counter),
  )
})

it('two sessions of the same place are never taken for each other', () => {
  const memory = new SessionMemory(MUCH)
  const [one, other] = ['019b0000-0000-7000-8000-0000000000aa', '019b0000-0000-7000-9000-0000000000aa']
  memory.set(held(one))
  expect(memory.get(other)).toBe(null)
  memory.set(held(other))
  expect(memory.get(one)).toBe(null)
})

it('recognises a session by the digest of its token and by no other', () => {
  const memory = new SessionMemory(MUCH)
  for (const number of numbers(MANY)) memory.set(held(idOf(number), { mark: { digest: DIGEST, counter: 1 } }))
  memory.set(held(idOf(MANY)))
  // The first is packed by now, the last is not.
  for (const number of [0, MANY - 1]) {
    expect(memory.recognise(number, 'e'.repeat(32))).toBe(null)
    expect(memory.recognise(number, DIGEST)?.found.session.id).toBe(idOf(number))
  }
  for (const digest of ['\0'.repeat(32), DIGEST]) expect(memory.recognise(MANY, digest)).toBe(null)
  expect(memory.recognise(MANY + 1, DIGEST)).toBe(null)
})

it('forgets what nobody asked for when there is no room', () => {
  const memory = new SessionMemory(100_000)
  for (const number of numbers(MANY)) {
    memory.set(held(idOf(number)))
    // Asked for again and again.
    expect(memory.get(idOf(0))).not.toBe(null)
  }
  const kept = numbers(MANY).filter((number) => memory.get(idOf(number)) !== null)
  expect(kept).toContain(0)
  expect(kept).toContain(MANY - 1)
  expect(kept.length).toBeGreaterThan(100)
  expect(kept.length).toBeLessThan(400)
})
