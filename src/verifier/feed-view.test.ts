import { describe, expect, it } from 'vitest'
import type { Identity } from '../contract/identity.js'
import { accountDigest } from '../crypto/account-digest.js'
import { decodeEntry, encodeEntry, type FeedEntry, type FeedFacts, NO_FACTS } from '../storage/shared-feed.js'
import { FeedView } from './feed-view.js'

const LIFE = 900_000
const KEEP = 1_500_000
const ISSUED = 10_000_000

const anna: Identity = {
  ...{ userId: 'anna', tenantId: 'tenant', sessionId: 'session', email: 'anna@example.com', emailVerified: true },
  ...{ username: 'anna', roles: ['viewer', 'editor'], permissions: [], isGuest: false, createdAt: 0 },
  ...{ authMethods: ['password'], authTime: 0, expiresAt: ISSUED + LIFE, tokenFormat: 'jwt' },
}

function entry(facts: Partial<FeedFacts>, of: Partial<FeedEntry> = {}): FeedEntry {
  const told: FeedEntry = {
    deployment: 'd',
    epoch: 'one',
    time: ISSUED,
    life: LIFE,
    keep: KEEP,
    facts: { ...NO_FACTS, ...facts },
  }
  // Told as it is told in Redis.
  return decodeEntry(encodeEntry({ ...told, ...of }))
}

const account = (floor: number, digest: string | null, [ceiling, open] = [floor, 0]) => ({
  accounts: [{ userId: 'anna', look: { floor, ceiling, open }, digest }],
})
const [asIs, other] = [accountDigest(anna), accountDigest({ ...anna, roles: ['viewer'] })]

function verdict(view: FeedView, now = ISSUED, of: Partial<Identity> = {}): unknown {
  try {
    return view.judge({ identity: { ...anna, ...of }, issuedAt: ISSUED }, now)
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

describe('what was heard of the feed', () => {
  it('ends the sessions that it names, until their tokens have ended', () => {
    const view = new FeedView()
    view.apply(entry({ sessions: ['session'] }), 0)
    expect([verdict(view), verdict(view, ISSUED, { sessionId: 'x' })]).toEqual(['session_revoked', true])
    view.apply(entry({}), KEEP - 1)
    expect([verdict(view), view.size]).toEqual(['session_revoked', 1])
    view.apply(entry({}), KEEP)
    expect(view.size).toBe(0)
  })

  it('goes by the look at an account that saw the most, in whatever order they come', () => {
    const view = new FeedView()
    view.apply(entry(account(7, other)), 0)
    expect(verdict(view)).toBe(false)
    view.apply(entry(account(6, asIs)), 0)
    expect(verdict(view)).toBe(false)
    view.apply(entry(account(8, asIs)), 0)
    expect([verdict(view), verdict(view, ISSUED, { roles: ['editor', 'viewer'] })]).toEqual([true, true])
    // While a transaction stays open the floor does.
    view.apply(entry(account(8, other, [11, 2])), 0)
    view.apply(entry(account(8, asIs, [11, 3])), 0)
    view.apply(entry(account(8, asIs, [10, 1])), 0)
    expect(verdict(view)).toBe(false)
    view.apply(entry(account(8, asIs, [11, 1])), 0)
    expect(verdict(view)).toBe(true)
    for (const change of [
      { email: null },
      { username: 'x' },
      { roles: [] },
      { emailVerified: false },
      { isGuest: true },
    ]) {
      expect(verdict(view, ISSUED, change)).toBe(false)
    }
    view.apply(entry(account(9, null)), 0)
    expect(verdict(view)).toBe('session_revoked')
  })

  it('compares no numbers of two servers: of those the later counts', () => {
    const view = new FeedView()
    view.apply(entry(account(1_000, other)), 0)
    view.apply(entry(account(3, asIs), { epoch: 'two' }), 0)
    expect(verdict(view)).toBe(true)
    view.apply(entry(account(2, other), { epoch: 'two' }), 0)
    expect(verdict(view)).toBe(true)
  })

  it('knows nothing of a token that is older than what is remembered, and of a tenant what came before', () => {
    const view = new FeedView()
    expect(verdict(view, ISSUED + 10 * LIFE)).toBe(true)
    view.apply(entry({}), 0)
    expect([verdict(view, ISSUED + LIFE - 1), verdict(view, ISSUED + LIFE)]).toEqual([true, 'token_expired'])
    view.apply(entry({ tenants: [{ id: 'tenant', at: ISSUED - 1 }] }), 0)
    expect(verdict(view)).toBe(true)
    view.apply(entry({ tenants: [{ id: 'tenant', at: ISSUED }] }), 0)
    view.apply(entry({ tenants: [{ id: 'tenant', at: 5 }] }), 0)
    expect([verdict(view), verdict(view, ISSUED, { tenantId: 'x' })]).toEqual([false, true])
  })
})

it('what is no entry is not read as one', () => {
  const words = encodeEntry(entry({ sessions: ['session'] }))
  const changed = (name: string, value: string) =>
    words.map((word, index) => (words[index - 1] === name ? value : word))
  expect(decodeEntry(words).facts.sessions).toEqual(['session'])
  for (const bad of [
    [],
    words.slice(2),
    changed('f', '{'),
    changed('f', '{"s":1}'),
    changed('k', 'x'),
    changed('l', '-1'),
  ]) {
    expect(() => decodeEntry(bad)).toThrow()
  }
  // What a newer server adds is left out.
  expect(decodeEntry([...words, 'z', '1']).facts.sessions).toEqual(['session'])
})
