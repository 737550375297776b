import { beforeEach, expect, it, vi } from 'vitest'
import { hashPassword, verifyPassword } from '../../src/features/passwords/password-hash.js'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf } from '../flows/audit-trail.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, signIn } from '../flows/people.js'

/** While it is set, a password that has been verified waits here before anybody hears of it. */
const pause = vi.hoisted((): { reached: (() => void) | null; until: Promise<void> } => ({
  reached: null,
  until: Promise.resolve(),
}))

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return {
    ...original,
    hashPassword: vi.fn(original.hashPassword),
    verifyPassword: vi.fn(async (hash: string, password: string) => {
      const matches = await original.verifyPassword(hash, password)
      pause.reached?.()
      await pause.until
      return matches
    }),
  }
})

beforeEach(() => {
  vi.mocked(hashPassword).mockClear()
  vi.mocked(verifyPassword).mockClear()
})

// ASVS 6.3.8
describeEachAuth('Who looks for accounts by what a sign-in costs', (stage) => {
  it('finds the same work for every refusal: one verification, no hash', async () => {
    const auth = await stage.open()
    const [person, disabled, bare] = [await newcomer(auth), await newcomer(auth), await newcomer(auth)]
    await auth.api.users.disable(disabled.user_id)
    const db = await stage.db()
    await db.updateTable('users').set({ password_hash: null }).where('id', '=', bare.user_id).execute()
    const nowhere = '019b0000-0000-7000-8000-00000000ffff'
    // The stand-in for an account that is not there is made at the first need.
    await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })

    const attempts = [
      { email: person.email, password: 'wrong password' },
      { email: newEmail(), password: PASSWORD },
      { email: disabled.email, password: 'wrong password' },
      { email: bare.email, password: PASSWORD },
      { email: person.email, password: PASSWORD, tenant_id: nowhere },
      { email: person.email, password: 'x'.repeat(4096) },
    ]
    for (const attempt of attempts) {
      vi.mocked(hashPassword).mockClear()
      vi.mocked(verifyPassword).mockClear()
      const answer = await post(auth, '/auth/login', attempt)
      expect([answer.status, await codeOf(answer)]).toEqual([401, 'invalid_credentials'])
      expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(1)
      expect(vi.mocked(hashPassword)).not.toHaveBeenCalled()
    }
  })

  it('can never sign in with what the stand-in was made of', async () => {
    const auth = await stage.open({})
    await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })
    const [call] = vi.mocked(hashPassword).mock.calls
    const standIn = call?.[1] ?? ''
    expect(standIn.length).toBeGreaterThan(16)
    const answer = await post(auth, '/auth/login', { email: newEmail(), password: standIn })
    expect(await codeOf(answer)).toBe('invalid_credentials')
  })

  it('cannot have work done by a password that is too long, or an address that is none', async () => {
    const auth = await stage.open()
    await post(auth, '/auth/login', { email: newEmail(), password: 'x'.repeat(4097) })
    await post(auth, '/auth/login', { email: 'x', password: PASSWORD })
    await post(auth, '/auth/register', { email: newEmail(), password: 'x'.repeat(300) })
    expect(vi.mocked(verifyPassword)).not.toHaveBeenCalled()
    expect(vi.mocked(hashPassword)).not.toHaveBeenCalled()
  })
})

describeEachAuth('A sign-in whose account changes while its password is checked', (stage) => {
  it.each(['disabled', 'disabled and enabled again'])('does not finish where it was %s', async (change) => {
    const [here, there] = [await stage.open(), await stage.open()]
    const person = await newcomer(here)
    const pending = await pausedSignIn(here, person)

    await there.api.users.disable(person.user_id)
    if (change !== 'disabled') await there.api.users.enable(person.user_id)
    const answer = await pending()

    expect(answer.status).toBe(401)
    expect(await codeOf(answer)).toBe('invalid_credentials')
    const db = await stage.db()
    const sessions = await db.selectFrom('sessions').select('id').where('user_id', '=', person.user_id).execute()
    expect(sessions).toEqual([{ id: person.session.id }])
    const events = await eventsOf(db, { userId: person.user_id })
    expect(events.filter(({ type }) => type.startsWith('login.')).map(({ type }) => type)).toEqual([
      'login.failed',
      'login.succeeded',
    ])
    if (change !== 'disabled') await signIn(there, person)
  })

  it('finishes where nothing changed', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const pending = await pausedSignIn(auth, person)
    expect((await pending()).status).toBe(200)
  })
})

/** A sign-in that has verified the password and goes no further until the answer is called. */
async function pausedSignIn(
  auth: TestAuth,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<() => Promise<Response>> {
  let release = () => {}
  pause.until = new Promise((resolve) => {
    release = resolve
  })
  const verified = new Promise<void>((resolve) => {
    pause.reached = resolve
  })
  const answer = post(auth, '/auth/login', { email, password })
  await verified
  pause.reached = null
  return () => {
    release()
    pause.until = Promise.resolve()
    return answer
  }
}
