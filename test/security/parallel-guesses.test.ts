import { beforeEach, expect, it, vi } from 'vitest'
import { verifyPassword } from '../../src/features/passwords/password-hash.js'
import type { TestAuth } from '../../src/testing/index.js'
import { trailOf } from '../flows/audit-trail.js'
import { MINUTE } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { codeOf, newcomer, newEmail, PASSWORD, post } from '../flows/people.js'

const gate = vi.hoisted(() => ({ open: Promise.resolve() }))

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return {
    ...original,
    verifyPassword: vi.fn(async (hash: string, password: string) => {
      await gate.open
      return original.verifyPassword(hash, password)
    }),
  }
})

/** `GUESSES=500` is the full profile. */
const GUESSES = Number(process.env['GUESSES'] ?? 120)

beforeEach(() => {
  vi.mocked(verifyPassword).mockClear()
  gate.open = Promise.resolve()
})

// ASVS 6.3.1
describeEachAuth('Many guesses at once, on two nodes', (stage) => {
  /** Nodes whose answers are not judged one by one. */
  const pair = async () => {
    const first = await openNodeOfTest({ url: stage.url(), judged: false })
    return [first, await openNodeOfTest({ url: stage.url(), judged: false, clock: first.clock })] as const
  }

  it('are as many as were allowed, and one lockout', async () => {
    const nodes = await pair()
    const { email, user_id } = await newcomer(await stage.open())
    for (let round = 1; round <= 2; round++) {
      vi.mocked(verifyPassword).mockClear()
      const codes = await Promise.all(
        Array.from({ length: GUESSES }, async (_, guess) =>
          codeOf(await attempt(nodes[guess % 2 === 0 ? 0 : 1], email)),
        ),
      )
      expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(5)
      expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(5)
      expect(codes.filter((code) => code === 'account_locked')).toHaveLength(GUESSES - 5)
      const told = await trailOf(await stage.db(), { userId: user_id })
      expect(told.filter((type) => type === 'account.locked')).toHaveLength(round)
      nodes[0].clock.advance(15 * MINUTE)
    }
  })

  it('hold up nobody who knows the password: thirty sign-ins at once all succeed', async () => {
    const nodes = await pair()
    const { email, password } = await newcomer(await stage.open())
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, each) => attempt(nodes[each % 2 === 0 ? 0 : 1], email, password)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200))
    const db = await stage.db()
    expect(
      await db
        .selectFrom('login_attempts')
        .selectAll()
        .where('user_id', 'is not', null)
        .where('failures', '=', 0)
        .where('level', '=', 0)
        .execute(),
    ).toEqual([])
  })

  it('count as wrong where the node that took them died, and its successor knows', async () => {
    const [first, second] = await pair()
    const email = newEmail()
    gate.open = new Promise(() => undefined)
    for (let guess = 0; guess < 5; guess++) void attempt(first, email).catch(() => undefined)
    await vi.waitFor(() => expect(vi.mocked(verifyPassword).mock.calls.length).toBeGreaterThan(0))
    const db = await stage.db()
    await vi.waitFor(async () => {
      const row = await db
        .selectFrom('login_attempts')
        .select('pending')
        .where('kind', '=', 'identifier')
        .where('pending', '=', 5)
        .executeTakeFirst()
      expect(row).toBeDefined()
    })
    gate.open = Promise.resolve()
    first.clock.advance(MINUTE)
    expect(await codeOf(await attempt(second, email))).toBe('account_locked')
    expect((await second.api.lockouts.list({ email })).items.map(({ kind }) => kind).toSorted()).toEqual([
      'identifier',
      'pair',
    ])
    second.clock.advance(15 * MINUTE)
    expect(await codeOf(await attempt(second, email))).toBe('invalid_credentials')
  })

  it('are remembered over a restart', async () => {
    const clockOf = await openNodeOfTest({ url: stage.url() })
    const email = newEmail()
    for (let guess = 0; guess < 3; guess++) await attempt(clockOf, email)
    await clockOf.close()
    const restarted = await openNodeOfTest({ url: stage.url(), clock: clockOf.clock })
    for (let guess = 0; guess < 2; guess++)
      expect(await codeOf(await attempt(restarted, email))).toBe('invalid_credentials')
    expect(await codeOf(await attempt(restarted, email))).toBe('account_locked')
    await restarted.close()
    const again = await openNodeOfTest({ url: stage.url(), clock: clockOf.clock })
    expect(await codeOf(await attempt(again, email))).toBe('account_locked')
  })
})

describeEachAuth('A sign-in that came to nothing', (stage) => {
  it('counts as nothing: the server was busy, or the account is disabled and the password right', async () => {
    const hashQueue = { max: 0, deadline: 1_000 }
    const busy = await stage.open({ config: { auth: { maxConcurrentHashes: 1, hashQueue } } })
    const { email, password, user_id } = await newcomer(busy)
    let release = () => {}
    gate.open = new Promise((resolve) => {
      release = resolve
    })
    const other = attempt(busy, newEmail())
    await vi.waitFor(() => expect(vi.mocked(verifyPassword)).toHaveBeenCalled())
    for (let time = 0; time < 6; time++) expect(await codeOf(await attempt(busy, email))).toBe('overloaded')
    release()
    await other
    await busy.api.users.disable(user_id)
    for (let time = 0; time < 6; time++)
      expect(await codeOf(await attempt(busy, email, password))).toBe('account_disabled')
    await busy.api.users.enable(user_id)
    expect((await attempt(busy, email, password)).status).toBe(200)
  })
})

function attempt(auth: TestAuth, email: string, password = `wrong ${PASSWORD}`): Promise<Response> {
  return post(auth, '/auth/login', { email, password })
}
