import { expect, it } from 'vitest'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf, trailOf } from './audit-trail.js'
import { HOUR } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, get, meShape, newcomer, newEmail, PASSWORD, post, send, signIn, tokensOf } from './people.js'
import { holderOf } from './token-holders.js'

const REQUIRED = { config: { auth: { emailVerification: 'required' } } } as const
const OFF = { config: { auth: { emailVerification: 'off' } } } as const

// ASVS 6.3.8
describeEachAuth('An address that proves itself', (stage) => {
  it('does so by the token of the mail that registration sends, without a session, and keeps the password', async () => {
    const auth = await stage.open()
    const { email, user_id, access_token } = await newcomer(auth)
    const mail = await auth.mail.lastTo(email)
    expect(mail.link).toBe(`http://127.0.0.1:3000/auth/pages/verify-email#token=${mail.token}`)

    expect((await verify(auth, mail.token)).status).toBe(204)
    expect(await isVerified(auth, access_token)).toBe(true)
    expect((await signIn(auth, { email, password: PASSWORD })).user.email_verified).toBe(true)
    const told = await trailOf(await stage.db(), { userId: user_id })
    expect(told.filter((type) => type === 'email.verified')).toHaveLength(1)
    // Once.
    expect(await codeOf(await verify(auth, mail.token))).toBe('invalid_token')
    expect(await codeOf(await verify(auth, 'spt_nothing'))).toBe('invalid_token')
  })

  it('is known to JWTs that were issued before', async () => {
    const auth = await stage.open({ config: { auth: { mode: 'stateless' } } })
    const email = newEmail()
    const { access } = await holderOf(await post(auth, '/auth/register', { email, password: PASSWORD }), 201)
    expect(await isVerified(auth, access)).toBe(false)
    await verify(auth, (await auth.mail.lastTo(email)).token)
    expect(await isVerified(auth, access)).toBe(true)
    const identity = await auth.authenticate(new Headers({ authorization: `Bearer ${access}` }))
    expect(identity?.emailVerified).toBe(true)
  })

  it('has a day for it; then the link says that it is too old, and another one can be had', async () => {
    const auth = await stage.open()
    const { email, access_token } = await newcomer(auth)
    const { token } = await auth.mail.lastTo(email)
    auth.clock.advance(24 * HOUR)
    expect(await codeOf(await verify(auth, token))).toBe('token_expired')
    const again = await holderOf(await post(auth, '/auth/login', { email, password: PASSWORD }))
    expect((await send(auth, 'POST', '/auth/email/verify/resend', again.access)).status).toBe(202)
    const next = await auth.mail.lastTo(email)
    expect(next.token).not.toBe(token)
    expect((await verify(auth, next.token)).status).toBe(204)
    expect(access_token).not.toBe(again.access)
  })

  it('is asked for once more by whoever names it, with one answer for all, and mail for those alone whom it helps', async () => {
    const auth = await stage.open()
    const [pending, proved] = [await newcomer(auth), await newcomer(auth)]
    await verify(auth, (await auth.mail.lastTo(proved.email)).token)
    auth.mail.clear()
    const answers = []
    for (const email of [pending.email, proved.email, newEmail()]) {
      const answer = await post(auth, '/auth/email/verify/resend', { email })
      answers.push([answer.status, await answer.json()])
    }
    expect(answers).toEqual(Array(3).fill([202, { status: 'accepted' }]))
    expect((await auth.mail.sent()).map(({ to }) => to)).toEqual([pending.email])
    expect(await codeOf(await post(auth, '/auth/email/verify/resend', {}))).toBe('unauthenticated')
  })

  it('is left alone where that is off', async () => {
    const auth = await stage.open(OFF)
    const { email, access_token } = await newcomer(auth)
    expect((await send(auth, 'POST', '/auth/email/verify/resend', access_token)).status).toBe(202)
    expect((await auth.mail.sent()).filter(({ to }) => to === email)).toEqual([])
  })

  it('has no account disabled or gone', async () => {
    const auth = await stage.open()
    const { email, user_id } = await newcomer(auth)
    const { token } = await auth.mail.lastTo(email)
    await auth.api.users.disable(user_id)
    expect((await verify(auth, token)).status).toBe(204)
    expect((await post(auth, '/auth/login', { email, password: PASSWORD })).status).toBe(403)
  })
})

// ASVS 6.3.8
describeEachAuth('Where an address must prove itself first', (stage) => {
  it('registration signs nobody in, and answers the same for an address that has an account', async () => {
    const auth = await stage.open(REQUIRED)
    const email = newEmail()
    const seen = []
    for (const password of [PASSWORD, 'another long password']) {
      const answer = await post(auth, '/auth/register', { email, password, transport: 'cookie' })
      const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
      seen.push({ status: answer.status, body: await answer.json(), headers })
    }
    expect(seen[0]).toMatchObject({ status: 202, body: { status: 'verification_required' } })
    expect(seen[1]).toEqual(seen[0])
    const mails = (await auth.mail.sent()).filter(({ to }) => to === email)
    expect(mails.map(({ token }) => token === null)).toEqual([false, true])
    expect(mails[1]?.link).toBe('http://127.0.0.1:3000/auth/pages/forgot-password')

    // The first password is the account's.
    expect(await codeOf(await post(auth, '/auth/login', { email, password: 'another long password' }))).toBe(
      'invalid_credentials',
    )
    expect(await codeOf(await post(auth, '/auth/login', { email, password: PASSWORD }))).toBe('email_not_verified')
    expect((await verify(auth, mails[0]?.token ?? null)).status).toBe(204)
    expect((await signIn(auth, { email, password: PASSWORD })).user.email_verified).toBe(true)
  })

  it('only who gave the right password is told, and wrong ones count as ever', async () => {
    const auth = await stage.open(REQUIRED)
    const email = newEmail()
    await post(auth, '/auth/register', { email, password: PASSWORD })
    const login = async (password: string) => codeOf(await post(auth, '/auth/login', { email, password }))
    expect(await login('wrong')).toBe('invalid_credentials')
    for (let count = 0; count < 6; count++) expect(await login(PASSWORD)).toBe('email_not_verified')
    for (let count = 0; count < 4; count++) expect(await login('wrong')).toBe('invalid_credentials')
    expect(await login(PASSWORD)).toBe('account_locked')
  })

  it('sessions from before go on until they end, and the next sign-in asks for the proof', async () => {
    const before = await stage.open()
    const { email, access_token } = await newcomer(before)
    const after = await stage.open(REQUIRED)
    expect((await get(after, '/auth/me', access_token)).status).toBe(200)
    expect(await codeOf(await post(after, '/auth/login', { email, password: PASSWORD }))).toBe('email_not_verified')
  })

  it('the library says so by a refusal, the same for an address that has an account', async () => {
    const auth = await stage.open(REQUIRED)
    const account = { email: newEmail(), password: PASSWORD }
    for (let count = 0; count < 2; count++) {
      await expect(auth.api.register(account)).rejects.toMatchObject({ code: 'email_not_verified' })
    }
  })

  it('an account that somebody else makes gets its link by mail, unless they vouch for the address', async () => {
    const auth = await stage.open(REQUIRED)
    const [asked, vouched] = [newEmail(), newEmail()]
    await auth.api.users.create({ email: asked, password: PASSWORD })
    await auth.api.users.create({ email: vouched, password: PASSWORD, emailVerified: true })
    expect((await signIn(auth, { email: vouched, password: PASSWORD })).user.email_verified).toBe(true)
    expect(await codeOf(await post(auth, '/auth/login', { email: asked, password: PASSWORD }))).toBe(
      'email_not_verified',
    )
    const told = (await auth.mail.sent()).filter(({ to }) => to === asked || to === vouched)
    expect(told.map(({ to }) => to)).toEqual([asked])
    await verify(auth, (await auth.mail.lastTo(asked)).token)
    await signIn(auth, { email: asked, password: PASSWORD })
  })

  it('the second of two who register at once is told by mail, and neither can tell who was first', async () => {
    const auth = await stage.open(REQUIRED)
    const email = newEmail()
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        post(auth, '/auth/register', { email, password: `${PASSWORD} ${index}` }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(202))
    const db = await stage.db()
    const users = await db.selectFrom('users').select('id').where('email', '=', email).execute()
    expect(users).toHaveLength(1)
    const [user] = users
    const events = await eventsOf(db, { userId: z.string().parse(user?.id) })
    expect(events.filter(({ type }) => type === 'user.registered')).toHaveLength(1)
  })
})

describeEachAuth('A guest who wants an account', (stage) => {
  const upgrade = (auth: TestAuth, token: string, email: string) =>
    send(auth, 'POST', '/session/upgrade', token, { email, password: PASSWORD })

  it('has it at once, and the address proves itself as any other', async () => {
    const auth = await stage.open()
    const { token } = await auth.api.guests.create()
    const email = newEmail()
    const { access_token } = await tokensOf(await upgrade(auth, token, email))
    expect((await verify(auth, (await auth.mail.lastTo(email)).token)).status).toBe(204)
    expect(await isVerified(auth, access_token)).toBe(true)
  })

  it('goes on as a guest until the address has proved itself, where it must', async () => {
    const auth = await stage.open(REQUIRED)
    const { token, username, playerUuid } = await auth.api.guests.create()
    const [email, taken] = [newEmail(), newEmail()]
    await post(auth, '/auth/register', { email: taken, password: 'another long password' })
    const answers = []
    for (const address of [taken, email]) {
      const answer = await upgrade(auth, token, address)
      answers.push([answer.status, await answer.json()])
    }
    expect(answers).toEqual(Array(2).fill([202, { status: 'verification_required' }]))
    expect((await get(auth, '/session/validate', token)).status).toBe(200)
    expect((await post(auth, '/auth/login', { email, password: PASSWORD })).status).toBe(401)

    expect((await verify(auth, (await auth.mail.lastTo(email)).token)).status).toBe(204)
    expect((await get(auth, '/session/validate', token)).status).toBe(401)
    const { user } = await signIn(auth, { email, password: PASSWORD })
    expect(user).toMatchObject({ id: playerUuid, username, email_verified: true, roles: ['viewer'], is_guest: false })
    expect((await auth.mail.lastTo(taken)).token).toBeNull()
  })
})

function verify(auth: TestAuth, token: string | null): Promise<Response> {
  return post(auth, '/auth/email/verify', { token })
}

async function isVerified(auth: TestAuth, access: string): Promise<boolean> {
  return meShape.parse(await (await get(auth, '/auth/me', access)).json()).email_verified
}
