import { expect, it } from 'vitest'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf, trailOf } from './audit-trail.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, refresh, signIn, standingOf } from './people.js'
import { holderSignIn, jwtNewcomer } from './token-holders.js'

const NEXT = 'bravo heron lattice'
const MINUTE = 60_000

const forgot = (auth: TestAuth, email: string, fields: Record<string, unknown> = {}) =>
  post(auth, '/auth/password/forgot', { email, ...fields })

async function reset(auth: TestAuth, token: unknown, password: unknown = NEXT, fields: Record<string, unknown> = {}) {
  const answer = await post(auth, '/auth/password/reset', { token, new_password: password, ...fields })
  return answer.status === 204 ? '204' : codeOf(answer)
}

/** What registration has sent is out of the way. */
async function emptyMailbox(auth: TestAuth): Promise<void> {
  await auth.mail.sent()
  auth.mail.clear()
}

/** The token of a link that was asked for. */
async function tokenFor(auth: TestAuth, email: string): Promise<string> {
  expect((await forgot(auth, email)).status).toBe(202)
  const { token } = await auth.mail.lastTo(email)
  return token ?? ''
}

// ASVS 6.4.2
describeEachAuth('A forgotten password', (stage) => {
  it('is replaced by whoever reads the mail, once, without a sign-in', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const asked = await forgot(auth, person.email)
    expect([asked.status, await asked.text()]).toEqual([202, ''])
    const { token, link } = await auth.mail.lastTo(person.email)
    expect(link).toBe(`http://127.0.0.1:3000/auth/pages/reset-password#token=${token}`)
    const answer = await post(auth, '/auth/password/reset', { token, new_password: NEXT })
    expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([204, '', []])
    await signIn(auth, { email: person.email, password: NEXT })
    const old = await post(auth, '/auth/login', { email: person.email, password: PASSWORD })
    expect(await codeOf(old)).toBe('invalid_credentials')
    expect(await reset(auth, token, 'another lattice heron')).toBe('invalid_token')
    await signIn(auth, { email: person.email, password: NEXT })
  })

  it('ends every session on every node', async () => {
    const [one, other] = [await stage.open({}), await stage.open({})]
    const person = await newcomer(one)
    const second = await signIn(other, person)
    expect(await standingOf(one, second.access_token)).toBe('200')
    const token = await tokenFor(one, person.email)
    expect(await reset(one, token)).toBe('204')
    await other.sync()
    for (const { access_token, refresh_token } of [person, second]) {
      for (const auth of [one, other]) expect(await standingOf(auth, access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(other, refresh_token))).toBe('session_revoked')
    }
  })

  it('does so with JWTs', async () => {
    const config = { auth: { mode: 'stateless' } } as const
    const [one, other] = [await stage.open({ config }), await stage.open({ config })]
    const person = await jwtNewcomer(one)
    const second = await holderSignIn(other, person.email)
    const token = await tokenFor(one, person.email)
    expect(await reset(other, token)).toBe('204')
    await one.sync()
    for (const auth of [one, other]) {
      expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
      expect(await standingOf(auth, second.access)).toBe('session_revoked')
    }
  })

  it('is replaced within 15 minutes, and with the newest link alone', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const first = await tokenFor(auth, person.email)
    auth.clock.advance(1)
    const second = await tokenFor(auth, person.email)
    expect(await reset(auth, first)).toBe('invalid_token')
    auth.clock.advance(15 * MINUTE)
    expect(await reset(auth, second)).toBe('token_expired')
    const third = await tokenFor(auth, person.email)
    auth.clock.advance(15 * MINUTE - 1)
    expect(await reset(auth, third)).toBe('204')
  })

  it('keeps the link good where the new password is refused', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const token = await tokenFor(auth, person.email)
    for (const bad of ['short', 'password123', person.user.username]) {
      expect(await reset(auth, token, bad)).toBe('weak_password')
    }
    expect(await reset(auth, token, '')).toBe('invalid_request')
    await signIn(auth, person)
    expect(await reset(auth, token)).toBe('204')
  })

  it('proves the address, gives the account to its owner as new, and tells of it', async () => {
    const auth = await stage.open()
    const thief = await newcomer(auth)
    await emptyMailbox(auth)
    const token = await tokenFor(auth, thief.email)
    expect(await reset(auth, token)).toBe('204')
    const owner = await signIn(auth, { email: thief.email, password: NEXT })
    expect(owner.user).toMatchObject({ id: thief.user_id, email_verified: true })
    expect(await standingOf(auth, thief.access_token)).toBe('session_revoked')
    const db = await stage.db()
    const events = await eventsOf(db, { userId: thief.user_id })
    expect(events.find(({ type }) => type === 'email.verified')?.data).toContain('password_reset')
    expect(await trailOf(db, { userId: thief.user_id })).toEqual(
      expect.arrayContaining(['password.reset_requested', 'password.reset']),
    )
    const told = (await auth.mail.sent()).filter(({ to }) => to === thief.email)
    expect(told.map(({ token }) => token !== null)).toEqual([true, false])
  })

  it('unlocks who was locked out by the guesses of others', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    for (let n = 0; n < 5; n++) await post(auth, '/auth/login', { email: person.email, password: `wrong ${n}` })
    expect((await post(auth, '/auth/login', person)).status).toBe(423)
    expect(await reset(auth, await tokenFor(auth, person.email))).toBe('204')
    await signIn(auth, { email: person.email, password: NEXT })
    expect(await trailOf(await stage.db(), { userId: person.user_id })).toContain('account.unlocked')
  })

  it('stays where the account is disabled, before or after the link was asked for', async () => {
    const auth = await stage.open()
    const [before, after] = [await newcomer(auth), await newcomer(auth)]
    await emptyMailbox(auth)
    await auth.api.users.disable(before.user_id)
    expect((await forgot(auth, before.email)).status).toBe(202)
    expect(await auth.mail.sent()).toHaveLength(0)
    const token = await tokenFor(auth, after.email)
    await auth.api.users.disable(after.user_id)
    expect(await reset(auth, token)).toBe('invalid_token')
    await auth.api.users.enable(after.user_id)
    expect(await reset(auth, token)).toBe('invalid_token')
  })

  it('ends with the link where the password was changed in another way', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const token = await tokenFor(auth, person.email)
    const identity = await auth.api.verify({ accessToken: person.access_token })
    await auth.api.password.change(identity, { currentPassword: PASSWORD, newPassword: NEXT })
    expect(await reset(auth, token, 'another lattice heron')).toBe('invalid_token')
  })

  it('is that of whom the link was sent to, whatever else the request says', async () => {
    const auth = await stage.open()
    const [ada, bob] = [await newcomer(auth), await newcomer(auth)]
    const token = await tokenFor(auth, ada.email)
    const fields = { email: bob.email, user_id: bob.user_id, tenant_id: DEFAULT_TENANT_ID }
    expect(await reset(auth, token, NEXT, fields)).toBe('204')
    await signIn(auth, bob)
    await signIn(auth, { email: ada.email, password: NEXT })
  })

  it('takes no other token, and nothing that is none', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const token = await tokenFor(auth, person.email)
    for (const other of [person.access_token, person.refresh_token, `${token}x`, token.slice(0, -1), 'spt_', '%']) {
      expect(await reset(auth, other)).toBe('invalid_token')
    }
    for (const none of [null, undefined, '', [token], { token }, 7, true]) {
      expect(await reset(auth, none)).toBe('invalid_request')
    }
    expect(await standingOf(auth, token)).toBe('invalid_token')
    expect(await reset(auth, token)).toBe('204')
  })

  it('of two tenants is that of the tenant that was named', async () => {
    const auth = await stage.open()
    const email = newEmail()
    const db = await stage.db()
    const tenant = '019b0000-0000-7000-8000-0000000000aa'
    const row = { id: tenant, slug: 'other', name: 'Other', default_role: 'viewer', created_at: 0 }
    await db.insertInto('tenants').values(row).execute()
    const here = await newcomer(auth, { email })
    await newcomer(auth, { email, tenant_id: tenant })
    await forgot(auth, email, { tenant_id: tenant })
    const { token } = await auth.mail.lastTo(email)
    expect(await reset(auth, token)).toBe('204')
    await signIn(auth, here)
    await signIn(auth, { email, password: NEXT }, { tenant_id: tenant })
  })

  it('is replaced once, however many send the token at the same time', async () => {
    const [one, other] = [await stage.open({}), await stage.open({})]
    const person = await newcomer(one)
    const token = await tokenFor(one, person.email)
    const nexts = Array.from({ length: 8 }, (_, n) => `${NEXT} ${n}`)
    const codes = await Promise.all(nexts.map((next, n) => reset(n % 2 === 0 ? one : other, token, next)))
    const winners = nexts.filter((_, n) => codes[n] === '204')
    expect(winners).toHaveLength(1)
    await signIn(one, { email: person.email, password: winners[0] ?? '' })
  })

  it('is replaced by an administrator, who may also have the link sent', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    await auth.api.users.sendPasswordReset(person.user_id)
    const { token } = await auth.mail.lastTo(person.email)
    await auth.api.users.setPassword(person.user_id, NEXT)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await reset(auth, token)).toBe('invalid_token')
    const { user } = await signIn(auth, { email: person.email, password: NEXT })
    expect(user.email_verified).toBe(false)
    await expect(auth.api.users.setPassword(person.user_id, 'password123')).rejects.toMatchObject({
      code: 'weak_password',
    })
    await auth.api.users.disable(person.user_id)
    for (const act of [
      () => auth.api.users.setPassword(person.user_id, PASSWORD),
      () => auth.api.users.sendPasswordReset(person.user_id),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'account_disabled' })
    }
    const nobody = '019b0000-0000-7000-8000-00000000ffff'
    await expect(auth.api.users.setPassword(nobody, PASSWORD)).rejects.toMatchObject({ code: 'not_found' })
    await expect(auth.api.users.sendPasswordReset(nobody)).rejects.toMatchObject({ code: 'not_found' })
  })
})
