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
      [taken, true],
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
