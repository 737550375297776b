import { beforeEach, expect, it, vi } from 'vitest'
import { verifyPassword } from '../../src/features/passwords/password-hash.js'
import type { TestAuth } from '../../src/testing/index.js'
import { DAY, MINUTE } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { codeOf, newcomer, newEmail, PASSWORD, post } from '../flows/people.js'
import { refuseEvents } from '../flows/refusing-database.js'

/** What passwords that begin so wait for, and whether there are tokens for the right one. */
const gate = vi.hoisted(() => ({ open: Promise.resolve(), start: '', hasTokens: true }))

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return {
    ...original,
    verifyPassword: vi.fn(async (hash: string, password: string) => {
      if (password.startsWith(gate.start)) await gate.open
      return original.verifyPassword(hash, password)
    }),
  }
})

vi.mock('../../src/features/tokens/token-service.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/tokens/token-service.js')>()
  return {
    ...original,
    createTokenService: (...parts: Parameters<typeof original.createTokenService>) => {
      const service = original.createTokenService(...parts)
      return {
        ...service,
        async issue(...found: Parameters<typeof service.issue>) {
          if (!gate.hasTokens) throw new Error('no tokens today')
          return service.issue(...found)
        },
      }
    },
  }
})

beforeEach(() => {
  vi.mocked(verifyPassword).mockClear()
  gate.open = Promise.resolve()
  gate.hasTokens = true
})

describeEachAuth('A guess whose outcome could not be written', (stage) => {
  it('counts as wrong all the same: the right one would have been answered otherwise', async () => {
    const auth = await stage.open()
    const { email, password } = await newcomer(auth)
    const allow = await refuseEvents(stage, 'login.failed')
    try {
      for (let guess = 0; guess < 5; guess++) expect((await attempt(auth, email)).status).toBeGreaterThanOrEqual(500)
      auth.clock.advance(MINUTE)
      for (let guess = 0; guess < 3; guess++) await attempt(auth, email)
      expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(5)
    } finally {
      await allow()
    }
    expect(await codeOf(await attempt(auth, email, password))).toBe('account_locked')
  })

  it('is given back once where it was right and only its answer failed', async () => {
    const auth = await stage.open({ config: { auth: { maxConcurrentHashes: 8 } } })
    const { email, password, user_id } = await newcomer(auth)
    const release = holdPasswords('wrong')
    const wrong = Array.from({ length: 4 }, () => attempt(auth, email))
    await vi.waitFor(() => expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(4))
    gate.hasTokens = false
    expect((await attempt(auth, email, password)).status).toBe(500)
    gate.hasTokens = true
    const db = await stage.db()
    const rows = await db
      .selectFrom('login_attempts')
      .select(['kind', 'pending'])
      .where('user_id', '=', user_id)
      .execute()
    expect(rows.map(({ pending }) => pending)).toEqual([4, 4])
    release()
    expect((await Promise.all(wrong)).map(({ status }) => status)).toEqual([401, 401, 401, 401])
  })

  it('is not taken for wrong while it still waits for its turn, however long the queue may be', async () => {
    const slow = { maxConcurrentHashes: 8, hashQueue: { deadline: '5m' } }
    const first = await openNodeOfTest({ url: stage.url(), auth: slow })
    const second = await openNodeOfTest({ url: stage.url(), auth: slow, clock: first.clock })
    const { email, password } = await newcomer(first)
    const release = holdPasswords('')
    const early = Array.from({ length: 5 }, () => attempt(first, email, password))
    await vi.waitFor(() => expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(5))
    first.clock.advance(5 * MINUTE)
    const late = attempt(second, email, password)
    setTimeout(release, 100)
    expect((await Promise.all([...early, late])).map(({ status }) => status)).toEqual(Array(6).fill(200))
  })
})

describeEachAuth('A clock that was wrong for a while', (stage) => {
  it('leaves nobody locked for longer than the lockout lasts', async () => {
    const auth = await stage.open()
    const email = newEmail()
    auth.clock.advance(365 * DAY)
    for (let guess = 0; guess < 5; guess++) await attempt(auth, email)
    auth.clock.advance(-365 * DAY)
    expect((await attempt(auth, email)).headers.get('retry-after')).toBe('900')
    auth.clock.advance(15 * MINUTE)
    expect(await codeOf(await attempt(auth, email))).toBe('invalid_credentials')
  })
})

/** Keeps passwords that begin so from being verified until the answer is called. */
function holdPasswords(start: string): () => void {
  let release = () => {}
  gate.open = new Promise((resolve) => {
    release = resolve
  })
  gate.start = start
  return () => release()
}

function attempt(auth: TestAuth, email: string, password = `wrong ${PASSWORD}`): Promise<Response> {
  return post(auth, '/auth/login', { email, password })
}
