import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { trailOf } from './audit-trail.js'
import { HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import {
  codeOf,
  get,
  meShape,
  newcomer,
  newEmail,
  PASSWORD,
  type Person,
  post,
  refresh,
  send,
  signIn,
  standingOf,
} from './people.js'

// ASVS 6.3.7, 7.5.1
describeEachAuth('Another address', (stage) => {
  it('takes the place of the former one once it has proved itself, and the former one is told', async () => {
    const auth = await stage.open()
    const person = await verified(auth)
    const next = newEmail()
    expect((await change(auth, person.access_token, next)).status).toBe(202)
    expect(await addressOf(auth, person.access_token)).toEqual({ email: person.email, email_verified: true })
    expect((await post(auth, '/auth/login', { email: next, password: PASSWORD })).status).toBe(401)

    const mail = await auth.mail.lastTo(next)
    expect(mail.link).toBe(`http://127.0.0.1:3000/auth/pages/email-change#token=${mail.token}`)
    expect((await verify(auth, mail.token)).status).toBe(204)
    expect(await addressOf(auth, person.access_token)).toEqual({ email: next, email_verified: true })
    await signIn(auth, { email: next, password: PASSWORD })
    expect((await post(auth, '/auth/login', { email: person.email, password: PASSWORD })).status).toBe(401)

    const notice = await auth.mail.lastTo(person.email)
    expect(notice.text).toContain(`p***@example.com`)
    expect(notice.text).not.toContain(next)
    const told = await trailOf(await stage.db(), { userId: person.user_id })
    expect(told.filter((type) => type.startsWith('email.change'))).toEqual(['email.change_requested', 'email.changed'])
    // The sessions go on, refreshed ones too.
    expect((await refresh(auth, person.refresh_token)).status).toBe(200)
  })

  it('needs an authentication of the last ten minutes, after the CSRF token and before the body', async () => {
    const auth = await stage.open()
    const { access_token } = await verified(auth)
    auth.clock.advance(10 * MINUTE)
    const refused = await send(auth, 'POST', '/auth/email/change', access_token, { wrong: true })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/error="insufficient_user_authentication".* max_age="600"$/)
    expect(await codeOf(refused)).toBe('reauthentication_required')
    const identity = await auth.api.verify({ accessToken: access_token })
    await expect(auth.api.email.change(identity, { newEmail: newEmail() })).rejects.toMatchObject({
      code: 'reauthentication_required',
    })

    await send(auth, 'POST', '/auth/reauthenticate', access_token, { password: PASSWORD })
    const next = newEmail()
    expect((await change(auth, access_token, next)).status).toBe(202)
    expect((await auth.mail.lastTo(next)).token).toMatch(/^spt_/)
  })

  it('that is somebody else’s gives the same answer; its owner is told, and nothing changes', async () => {
    const auth = await stage.open()
    const [person, owner] = [await verified(auth), await verified(auth)]
    auth.mail.clear()
    const [taken, free] = [owner.email, newEmail()]
    const answers = []
    for (const email of [taken, free, person.email]) {
      const answer = await change(auth, person.access_token, email)
      answers.push([answer.status, await answer.json()])
    }
    expect(answers).toEqual(Array(3).fill([202, { status: 'accepted' }]))
    const sent = await auth.mail.sent()
    expect(sent.map(({ to, token }) => [to, token === null])).toEqual([
      [person.email, true],
      [taken, true],
      [person.email, true],
      [free, false],
    ])
    expect(await addressOf(auth, owner.access_token)).toEqual({ email: taken, email_verified: true })
  })

  it('of two accounts that claim it, belongs to the first that proves it', async () => {
    const auth = await stage.open()
    const people = [await verified(auth), await verified(auth)]
    const wanted = newEmail()
    const tokens: (string | null)[] = []
    for (const { access_token } of people) {
      await change(auth, access_token, wanted)
      tokens.push((await auth.mail.lastTo(wanted)).token)
    }
    const answers = await Promise.all(tokens.map((token) => verify(auth, token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    const addresses = await Promise.all(people.map(({ access_token }) => addressOf(auth, access_token)))
    expect(addresses.filter(({ email }) => email === wanted)).toHaveLength(1)
  })

  it('is over after a day, with another wish, and after the account has got another one', async () => {
    const auth = await stage.open()
    const { access_token, email, password } = await verified(auth)
    const wish = async (access: string) => {
      const next = newEmail()
      await change(auth, access, next)
      return (await auth.mail.lastTo(next)).token
    }
    const [first, second] = [await wish(access_token), await wish(access_token)]
    expect(await codeOf(await verify(auth, first))).toBe('invalid_token')
    auth.clock.advance(24 * HOUR)
    expect(await codeOf(await verify(auth, second))).toBe('token_expired')
    expect((await signIn(auth, { email, password })).user.email).toBe(email)
  })

  it('voids what was sent to the former one', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const { token: proof } = await auth.mail.lastTo(person.email)
    const next = newEmail()
    await change(auth, person.access_token, next)
    expect((await verify(auth, (await auth.mail.lastTo(next)).token)).status).toBe(204)
    expect(await codeOf(await verify(auth, proof))).toBe('invalid_token')
    // Nobody had shown that the former one was theirs, so that it is not told where the account went.
    expect((await auth.mail.sent()).filter(({ to }) => to === person.email)).toHaveLength(1)
  })

  it('is no way around wrong guesses: they count on', async () => {
    const auth = await stage.open()
    const { email, access_token } = await verified(auth)
    const guess = (address: string) => post(auth, '/auth/login', { email: address, password: 'wrong' })
    const next = newEmail()
    await change(auth, access_token, next)
    for (let count = 0; count < 4; count++) expect((await guess(email)).status).toBe(401)
    await verify(auth, (await auth.mail.lastTo(next)).token)
    expect((await guess(next)).status).toBe(401)
    expect((await post(auth, '/auth/login', { email: next, password: PASSWORD })).status).toBe(423)
    // Nobody has the former one, where others may begin anew.
    expect((await guess(email)).status).toBe(401)
  })

  it('is unique in a tenant alone, not for guests, and not for an account that was disabled meanwhile', async () => {
    const auth = await stage.open()
    const { access_token, user_id } = await verified(auth)
    const next = newEmail()
    await change(auth, access_token, next)
    const { token } = await auth.mail.lastTo(next)
    await auth.api.users.disable(user_id)
    expect(await codeOf(await verify(auth, token))).toBe('invalid_token')
    expect(await standingOf(auth, access_token)).toBe('session_revoked')
    const guest = await auth.api.guests.create()
    expect(await codeOf(await change(auth, guest.token, next))).toBe('forbidden')
  })
})

// ASVS 6.3.7
describeEachAuth('A change of address that its owner did not want', (stage) => {
  /** Somebody whose session and password are in other hands, and whose account has got another address by that. */
  async function robbed(auth: TestAuth) {
    const person = await verified(auth)
    const thief = await signIn(auth, person)
    const theirs = newEmail()
    await change(auth, thief.access_token, theirs)
    const warning = await auth.mail.lastTo(person.email)
    await verify(auth, (await auth.mail.lastTo(theirs)).token)
    const notice = await auth.mail.lastTo(person.email)
    return { person, thief, theirs, warning, notice }
  }

  it('is told before and after, and taken back for a week: the thief has nothing left', async () => {
    const auth = await stage.open()
    const { person, thief, theirs, warning, notice } = await robbed(auth)
    expect([warning.token, warning.text.includes('p***@example.com')]).toEqual([null, true])
    expect(notice.link).toBe(`http://127.0.0.1:3000/auth/pages/email-undo#token=${notice.token}`)
    auth.clock.advance(6 * 24 * HOUR)

    expect((await undo(auth, notice.token)).status).toBe(204)
    for (const token of [thief.access_token, person.access_token]) {
      expect(await standingOf(auth, token)).toBe('session_revoked')
    }
    for (const email of [theirs, person.email]) {
      expect(await codeOf(await post(auth, '/auth/login', { email, password: PASSWORD }))).toBe('invalid_credentials')
    }
    const db = await stage.db()
    const user = await db.selectFrom('users').selectAll().where('id', '=', person.user_id).executeTakeFirstOrThrow()
    expect(user).toMatchObject({ email: person.email, email_verified: 1, password_hash: null })
    expect(await trailOf(db, { userId: person.user_id })).toContain('email.restored')
    expect(await codeOf(await undo(auth, notice.token))).toBe('invalid_token')
  })

  it('cannot be taken back after that week', async () => {
    const auth = await stage.open()
    const { notice } = await robbed(auth)
    auth.clock.advance(7 * 24 * HOUR)
    expect(await codeOf(await undo(auth, notice.token))).toBe('token_expired')
  })

  it('is taken back whatever the thief does then: other changes, and an account with the old address', async () => {
    const auth = await stage.open()
    const { person, thief, theirs, notice } = await robbed(auth)
    const squatter = await newcomer(auth, { email: person.email })
    const third = newEmail()
    await change(auth, thief.access_token, third)
    await verify(auth, (await auth.mail.lastTo(third)).token)
    const ofTheirs = await auth.mail.lastTo(theirs)

    // Their own address took the change back that was made after it, which does not hold up the owner.
    expect((await undo(auth, ofTheirs.token)).status).toBe(204)
    expect((await undo(auth, notice.token)).status).toBe(204)
    expect(await standingOf(auth, squatter.access_token)).toBe('session_revoked')
    const db = await stage.db()
    const user = await db.selectFrom('users').select(['id']).where('email', '=', person.email).executeTakeFirstOrThrow()
    expect(user.id).toBe(person.user_id)
  })
})

function undo(auth: TestAuth, token: string | null): Promise<Response> {
  return post(auth, '/auth/email/change/undo', { token })
}

async function verified(auth: TestAuth): Promise<Person> {
  const person = await newcomer(auth)
  expect((await verify(auth, (await auth.mail.lastTo(person.email)).token)).status).toBe(204)
  return person
}

function change(auth: TestAuth, access: string, email: string): Promise<Response> {
  return send(auth, 'POST', '/auth/email/change', access, { new_email: email })
}

function verify(auth: TestAuth, token: string | null): Promise<Response> {
  return post(auth, '/auth/email/verify', { token })
}

async function addressOf(auth: TestAuth, access: string) {
  const { email, email_verified } = meShape.parse(await (await get(auth, '/auth/me', access)).json())
  return { email, email_verified }
}
