import { expect, it } from 'vitest'
import { eventsOf } from './audit-trail.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, refresh, send, signIn, standingOf, tokensOf } from './people.js'
import { holderSignIn, jwtNewcomer, newBrowser } from './token-holders.js'

const NEXT = 'bravo heron lattice'
const change = (current: string, next: string = NEXT) => ({ current_password: current, new_password: next })

// ASVS 6.2.2, 6.2.3, 7.4.3
describeEachAuth('Changing a password', (stage) => {
  it('takes the present one and the new one, and from then on only the new one', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const answer = await send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD))
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(await codeOf(await post(auth, '/auth/login', { email: person.email, password: PASSWORD }))).toBe(
      'invalid_credentials',
    )
    await signIn(auth, { email: person.email, password: NEXT })
  })

  it('ends every other session on every node at once, and the session of the caller goes on', async () => {
    const [one, other] = [await stage.open({}), await stage.open({})]
    const person = await newcomer(one)
    const thief = await signIn(other, person)
    expect(await standingOf(other, thief.access_token)).toBe('200')
    expect(await standingOf(other, person.access_token)).toBe('200')
    expect((await send(one, 'POST', '/auth/password/change', person.access_token, change(PASSWORD))).status).toBe(204)

    await other.sync()
    for (const auth of [one, other]) {
      expect(await standingOf(auth, thief.access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(auth, thief.refresh_token))).toBe('session_revoked')
      expect(await standingOf(auth, person.access_token)).toBe('200')
    }
    expect((await refresh(other, person.refresh_token)).status).toBe(200)
    const { current } = await one.api.sessions
      .list(await one.api.verify({ accessToken: person.access_token }))
      .then(only)
    expect(current).toBe(true)
  })

  it('does so with JWTs', async () => {
    const config = { auth: { mode: 'stateless' } } as const
    const [one, other] = [await stage.open({ config }), await stage.open({ config })]
    const person = await jwtNewcomer(one)
    const thief = await holderSignIn(other, person.email)
    expect(await standingOf(other, thief.access)).toBe('200')
    expect((await send(one, 'POST', '/auth/password/change', person.access_token, change(PASSWORD))).status).toBe(204)
    await other.sync()
    expect(await standingOf(other, thief.access)).toBe('session_revoked')
    expect(await standingOf(one, thief.access)).toBe('session_revoked')
    expect(await codeOf(await refresh(other, thief.refresh))).toBe('session_revoked')
    expect(await standingOf(other, person.access_token)).toBe('200')
    expect((await refresh(other, person.refresh_token)).status).toBe(200)
  })

  it('counts as an authentication of that session, and tells the owner', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    auth.clock.advance(3_600_000)
    await send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD))
    const { authTime } = await auth.api.verify({ accessToken: person.access_token })
    expect(authTime).toBe(auth.clock.now())
    expect(await auth.mail.lastTo(person.email)).toMatchObject({
      token: null,
      text: expect.stringMatching(/password/i),
    })
    const events = await eventsOf(await stage.db(), { userId: person.user_id })
    const event = events.find(({ type }) => type === 'password.changed')
    expect(event).toMatchObject({ actor_id: person.user_id, session_id: person.session.id })
  })

  it('asks a browser for its CSRF token', async () => {
    const auth = await stage.open()
    const browser = await newBrowser(auth)
    const answer = await browser.send('POST', '/auth/password/change', { json: change(PASSWORD) })
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'csrf_rejected'])
  })

  it('is refused without a session, for a wrong password, a bad new one, the same one, and by a guest', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    expect((await post(auth, '/auth/password/change', change(PASSWORD))).status).toBe(401)
    const attempt = async (body: unknown) => {
      const answer = await send(auth, 'POST', '/auth/password/change', person.access_token, body)
      return answer.status === 204 ? '204' : codeOf(answer)
    }
    expect(await attempt(change('wrong password'))).toBe('invalid_credentials')
    expect(await attempt(change(PASSWORD, 'short'))).toBe('weak_password')
    expect(await attempt(change(PASSWORD, 'password123'))).toBe('weak_password')
    expect(await attempt(change(PASSWORD, person.user.username))).toBe('weak_password')
    expect(await attempt(change(PASSWORD, PASSWORD))).toBe('weak_password')
    expect(await attempt(change('wrong password', 'short'))).toBe('invalid_credentials')
    for (const body of [{ new_password: NEXT }, { current_password: PASSWORD }, change('', NEXT), {}]) {
      expect(await attempt(body)).toBe('invalid_request')
    }
    const weak = await send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD, 'qwertyuiop'))
    expect(await weak.json()).toMatchObject({ errors: [{ path: 'new_password' }] })
    await signIn(auth, person)
    const guest = await auth.api.guests.create()
    const asGuest = await send(auth, 'POST', '/auth/password/change', guest.token, change(PASSWORD))
    expect([401, 403]).toContain(asGuest.status)
  })

  // ASVS 6.3.1
  it('counts wrong guesses as a sign-in does: a stolen session is no place to guess from', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const guess = (current: string) => send(auth, 'POST', '/auth/password/change', person.access_token, change(current))
    for (let n = 0; n < 5; n++) expect((await guess(`wrong password ${n}`)).status).toBe(401)
    const locked = await guess(PASSWORD)
    expect([locked.status, await codeOf(locked)]).toEqual([423, 'account_locked'])
    expect((await post(auth, '/auth/login', { email: person.email, password: PASSWORD })).status).toBe(423)
  })

  it('of several changes at once lets one win', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const nexts = Array.from({ length: 6 }, (_, n) => `${NEXT} ${n}`)
    const answers = await Promise.all(
      nexts.map((next) => send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD, next))),
    )
    const winners = nexts.filter((_, n) => answers[n]?.status === 204)
    expect(winners).toHaveLength(1)
    await signIn(auth, { email: person.email, password: winners[0] ?? '' })
  })

  it('cannot be overtaken by a sign-in with the old password', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const logins = Array.from({ length: 4 }, () =>
      post(auth, '/auth/login', { email: person.email, password: PASSWORD }),
    )
    const [changed, ...signedIn] = await Promise.all([
      send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD)),
      ...logins,
    ])
    expect(changed.status).toBe(204)
    for (const answer of signedIn) {
      if (answer.status !== 200) continue
      const { access_token } = await tokensOf(answer)
      expect(await standingOf(auth, access_token)).toBe('session_revoked')
    }
  })
})

describeEachAuth('Passwords that were used before', (stage) => {
  it('cannot be chosen again, as many as are configured, and are kept as hashes', async () => {
    const auth = await stage.open({ config: { auth: { password: { history: 3 } } } })
    const person = await newcomer(auth, { password: 'first lattice heron' })
    const to = async (current: string, next: string) => {
      const answer = await send(auth, 'POST', '/auth/password/change', person.access_token, change(current, next))
      return answer.status === 204 ? '204' : codeOf(answer)
    }
    const [first, second, third, fourth] = ['first', 'second', 'third', 'fourth'].map((word) => `${word} lattice heron`)
    expect(await to(String(first), String(second))).toBe('204')
    expect(await to(String(second), String(first))).toBe('weak_password')
    expect(await to(String(second), String(third))).toBe('204')
    expect(await to(String(third), String(first))).toBe('weak_password')
    expect(await to(String(third), String(fourth))).toBe('204')
    expect(await to(String(fourth), String(second))).toBe('weak_password')
    expect(await to(String(fourth), String(first))).toBe('204')
    const db = await stage.db()
    const kept = await db.selectFrom('password_history').selectAll().where('user_id', '=', person.user_id).execute()
    expect(kept).toHaveLength(2)
    for (const { password_hash } of kept) expect(password_hash).toMatch(/^\$argon2id\$/)
  })

  it('are not kept by default', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth, { email: newEmail() })
    await send(auth, 'POST', '/auth/password/change', person.access_token, change(PASSWORD))
    const db = await stage.db()
    const kept = await db.selectFrom('password_history').selectAll().where('user_id', '=', person.user_id).execute()
    expect(kept).toEqual([])
    expect(
      (await send(auth, 'POST', '/auth/password/change', person.access_token, change(NEXT, PASSWORD))).status,
    ).toBe(204)
  })
})

function only<Item>(items: readonly Item[]): Item {
  const [item] = items
  if (item === undefined || items.length > 1) throw new Error(`There are ${items.length}.`)
  return item
}
