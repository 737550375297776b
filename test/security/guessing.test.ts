import { beforeEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { verifyPassword } from '../../src/features/passwords/password-hash.js'
import type { TestAuth } from '../../src/testing/index.js'
import { trailOf } from '../flows/audit-trail.js'
import { DAY, HOUR, MINUTE, SECOND } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post } from '../flows/people.js'

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return { ...original, verifyPassword: vi.fn(original.verifyPassword) }
})

beforeEach(() => {
  vi.mocked(verifyPassword).mockClear()
})

/** A proxy in front tells where a request came from. */
const BEHIND_PROXY = { server: { trustProxy: ['127.0.0.1'] } }

// ASVS 6.3.1
describeEachAuth('Who guesses at a password', (stage) => {
  it('has five guesses; then even the right one is refused, until the lockout is over', async () => {
    const auth = await stage.open()
    const { email, password, user_id } = await newcomer(auth)
    expect(await guesses(auth, email, 5)).toEqual(Array(5).fill('invalid_credentials'))

    const refused = await attempt(auth, email, password)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([423, '900'])
    expect(await codeOf(refused)).toBe('account_locked')
    auth.clock.advance(15 * MINUTE - SECOND)
    expect((await attempt(auth, email, password)).headers.get('retry-after')).toBe('1')
    auth.clock.advance(SECOND)
    expect((await attempt(auth, email, password)).status).toBe(200)

    const told = await trailOf(await stage.db(), { userId: user_id })
    expect(told.filter((type) => type === 'account.locked')).toHaveLength(1)
    // Five wrong ones, and what was refused while it was locked once a minute.
    expect(told.filter((type) => type === 'login.failed')).toHaveLength(7)
  })

  it('cannot tell an account from none by being locked out, nor by the work', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const seen = []
    for (const address of [email, newEmail()]) {
      vi.mocked(verifyPassword).mockClear()
      const codes = await guesses(auth, address, 5)
      const hashes = vi.mocked(verifyPassword).mock.calls.length
      const refused = await attempt(auth, address, PASSWORD)
      const { request_id: _, ...body } = z.looseObject({ request_id: z.string() }).parse(await refused.json())
      const headers = [...refused.headers].filter(([name]) => name !== 'x-request-id' && name !== 'content-length')
      seen.push({ codes, hashes, body, headers, status: refused.status })
      expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(5)
    }
    expect(seen[1]).toEqual(seen[0])
    const nowhere = '019b0000-0000-7000-8000-00000000ffff'
    const elsewhere = (password: string) => post(auth, '/auth/login', { email, password, tenant_id: nowhere })
    for (let guess = 0; guess < 5; guess++) expect((await elsewhere('wrong password')).status).toBe(401)
    expect((await elsewhere(PASSWORD)).status).toBe(423)
  })

  it('is locked out for twice as long each time, up to sixteen times, and for the first time again after a quiet day', async () => {
    const auth = await stage.open()
    const email = newEmail()
    const lockouts = []
    for (let round = 0; round < 6; round++) {
      await guesses(auth, email, 5)
      const seconds = Number((await attempt(auth, email)).headers.get('retry-after'))
      lockouts.push(seconds / 60)
      auth.clock.advance(seconds * SECOND)
    }
    expect(lockouts).toEqual([15, 30, 60, 120, 240, 240])
    auth.clock.advance(24 * HOUR)
    await guesses(auth, email, 5)
    expect((await attempt(auth, email)).headers.get('retry-after')).toBe('900')
  })

  it('starts afresh after a success, and an hour after the first wrong one', async () => {
    const auth = await stage.open()
    const { email, password } = await newcomer(auth)
    await guesses(auth, email, 4)
    expect((await attempt(auth, email, password)).status).toBe(200)
    expect(await guesses(auth, email, 4)).toEqual(Array(4).fill('invalid_credentials'))
    auth.clock.advance(HOUR)
    expect(await guesses(auth, email, 4)).toEqual(Array(4).fill('invalid_credentials'))
    expect((await attempt(auth, email, password)).status).toBe(200)
  })

  it('has one count for all spellings of an address, and another for what is another address', async () => {
    const auth = await stage.open()
    const local = newEmail().replace(/@.*/, '')
    const { password } = await newcomer(auth, { email: `${local}é@bücher.example` })
    const spellings = [
      `${local}é@bücher.example`,
      `${local.toUpperCase()}É@BÜCHER.example`,
      `${local}e\u0301@xn--bcher-kva.example.`,
      `  ${local}é@ｂücher。example `,
      [...`${local}é@bu\u0308cher.example`].map((c) => (/[a-z]/.test(c) ? fullWidth(c) : c)).join(''),
    ]
    for (const email of spellings) expect(await codeOf(await attempt(auth, email))).toBe('invalid_credentials')
    for (const email of spellings) expect(await codeOf(await attempt(auth, email, password))).toBe('account_locked')
    for (const email of [`${local}é+tag@bücher.example`, `${local}.é@bücher.example`, `${local}e@bücher.example`]) {
      expect(await codeOf(await attempt(auth, email))).toBe('invalid_credentials')
    }
  })

  it('does not get further by another address, nor lock anything but what was guessed at', async () => {
    const auth = await stage.open({ config: BEHIND_PROXY })
    const { email, password } = await newcomer(auth)
    const bystander = await newcomer(auth)
    for (let guess = 1; guess <= 5; guess++)
      expect((await attempt(auth, email, 'wrong', `192.0.2.${guess}`)).status).toBe(401)
    expect((await attempt(auth, email, password, '192.0.2.99')).status).toBe(423)
    expect((await attempt(auth, bystander.email, PASSWORD, '192.0.2.1')).status).toBe(200)
  })

  it('gains nothing by waiting for the owner to sign in elsewhere', async () => {
    const auth = await stage.open({ config: BEHIND_PROXY })
    const { email, password } = await newcomer(auth)
    for (let guess = 0; guess < 4; guess++) expect((await attempt(auth, email, 'wrong', '192.0.2.1')).status).toBe(401)
    expect((await attempt(auth, email, password, '192.0.2.2')).status).toBe(200)
    expect((await attempt(auth, email, 'wrong', '192.0.2.1')).status).toBe(401)
    expect((await attempt(auth, email, password, '192.0.2.1')).status).toBe(423)
    // The owner, whom nothing but that address could be mistaken for, goes on.
    expect((await attempt(auth, email, password, '192.0.2.2')).status).toBe(200)
  })

  it('at many accounts from one address is stopped there, whatever known password comes between', async () => {
    const limits = { enabled: true, failures: { requests: 10, window: 10 * MINUTE } }
    const auth = await stage.open({ config: { ...BEHIND_PROXY, limits } })
    const own = await newcomer(auth)
    const codes = []
    for (let guess = 0; guess < 12; guess++) {
      if (guess % 4 === 1 && guess < 10)
        expect((await attempt(auth, own.email, PASSWORD, '2001:db8::1')).status).toBe(200)
      codes.push(await codeOf(await attempt(auth, newEmail(), 'wrong', `2001:db8::${guess}`)))
    }
    expect(codes).toEqual([...Array(10).fill('invalid_credentials'), 'rate_limited', 'rate_limited'])
    expect((await attempt(auth, own.email, PASSWORD, '2001:db8::1')).headers.get('retry-after')).toBe('600')
    expect((await attempt(auth, own.email, PASSWORD, '2001:db8:0:1::1')).status).toBe(200)
    const db = await stage.db()
    const { count } = await db
      .selectFrom('login_attempts')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('address', '=', '2001:db8::/64')
      .executeTakeFirstOrThrow()
    // One row for the address, and one for each guess that was let through.
    expect(Number(count)).toBe(11)
    auth.clock.advance(10 * MINUTE)
    expect((await attempt(auth, own.email, PASSWORD, '2001:db8::1')).status).toBe(200)
  })

  it('is kept out as an operator has set it, whatever other limits are off', async () => {
    const session = { maxLoginAttempts: 2, lockoutDuration: '30s' }
    const auth = await stage.open({ config: { limits: { enabled: false }, auth: { session } } })
    const email = newEmail()
    expect(await guesses(auth, email, 3)).toEqual(['invalid_credentials', 'invalid_credentials', 'account_locked'])
    expect((await attempt(auth, email)).headers.get('retry-after')).toBe('30')
  })

  it('leaves no trace of what was named, and nothing once all is forgotten', async () => {
    const auth = await stage.open()
    const { email, user_id } = await newcomer(auth)
    const unknown = newEmail()
    await guesses(auth, email, 2)
    await guesses(auth, unknown, 2)
    const db = await stage.db()
    const rows = await db.selectFrom('login_attempts').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain('@')
    expect(rows.filter((row) => row.user_id === user_id)).toHaveLength(2)
    auth.clock.advance(10 * DAY)
    await auth.cleanUp()
    expect(await db.selectFrom('login_attempts').selectAll().execute()).toEqual([])
  })

  it('never counts who signs in, and keeps no row of them', async () => {
    const auth = await stage.open()
    const { email, password, user_id } = await newcomer(auth)
    for (let time = 0; time < 7; time++) expect((await attempt(auth, email, password)).status).toBe(200)
    const db = await stage.db()
    expect(await db.selectFrom('login_attempts').selectAll().where('user_id', '=', user_id).execute()).toEqual([])
  })
})

describeEachAuth('An operator', (stage) => {
  it('sees what is locked, and clears it by the email, with or without an account, or by the address', async () => {
    const auth = await stage.open({ config: BEHIND_PROXY })
    const { email, password, user_id } = await newcomer(auth)
    const unknown = newEmail()
    for (const address of [email, unknown]) {
      for (let guess = 0; guess < 5; guess++) await attempt(auth, address, 'wrong', '192.0.2.1')
    }
    const { items } = await auth.api.lockouts.list({ email })
    expect(
      items
        .map(({ kind, userId, address }) => ({ kind, userId, address }))
        .toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    ).toEqual([
      { kind: 'identifier', userId: user_id, address: null },
      { kind: 'pair', userId: user_id, address: '192.0.2.1' },
    ])
    expect(items[0]).toMatchObject({ email, lockouts: 1, lockedUntil: new Date(auth.clock.now() + 15 * MINUTE) })
    expect((await auth.api.lockouts.list({ email: unknown })).items.map((item) => item.userId)).toEqual([null, null])
    const pages = await auth.api.lockouts.list({ limit: 3 })
    const rest = await auth.api.lockouts.list({ cursor: pages.nextCursor ?? '' })
    expect(new Set([...pages.items, ...rest.items].map(({ id }) => id)).size).toBe(4)

    expect(await auth.api.lockouts.clear({ email: email.toUpperCase() })).toBe(2)
    expect((await attempt(auth, email, password, '192.0.2.1')).status).toBe(200)
    expect((await attempt(auth, unknown, password, '192.0.2.1')).status).toBe(423)
    expect(await trailOf(await stage.db(), { userId: user_id })).toContain('account.unlocked')
    expect(await auth.api.lockouts.clear({ address: '192.0.2.1' })).toBe(1)
    expect((await attempt(auth, unknown, password, '192.0.2.1')).status).toBe(423)
    expect(await auth.api.lockouts.clear({ email: unknown })).toBe(1)
    expect((await attempt(auth, unknown, password, '192.0.2.1')).status).toBe(401)
  })
})

function attempt(auth: TestAuth, email: string, password = 'wrong password', from?: string): Promise<Response> {
  return post(auth, '/auth/login', { email, password }, from === undefined ? {} : { 'x-forwarded-for': from })
}

async function guesses(auth: TestAuth, email: string, times: number): Promise<readonly string[]> {
  const codes = []
  for (let guess = 0; guess < times; guess++) codes.push(await codeOf(await attempt(auth, email)))
  return codes
}

function fullWidth(letter: string): string {
  return String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)
}
