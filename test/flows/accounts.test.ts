import { expect, it } from 'vitest'
import { eventsOf } from './audit-trail.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, get, meShape, newcomer, newEmail, PASSWORD, post, refresh, signIn, standingOf } from './people.js'

describeEachAuth('Accounts in the hands of the host application', (stage) => {
  it('makes an account that can sign in, without signing it in', async () => {
    const auth = await stage.open()
    const email = newEmail()
    const account = await auth.api.users.create({ email, password: PASSWORD, username: 'Bo', role: 'admin' })
    expect(account).toMatchObject({ email, username: 'Bo', emailVerified: false, disabledAt: null })
    const { user } = await signIn(auth, { email, password: PASSWORD })
    expect(user).toMatchObject({ id: account.id, roles: ['admin'] })
    expect(await auth.api.users.find(account.id)).toEqual(account)
    const events = await eventsOf(await stage.db(), { userId: account.id })
    expect(events.filter(({ actor_id }) => actor_id === null).map(({ type }) => type)).toEqual([
      'role.granted',
      'user.registered',
    ])
  })

  it('refuses a role that does not exist, and makes no account', async () => {
    const auth = await stage.open()
    const email = newEmail()
    await expect(auth.api.users.create({ email, password: PASSWORD, role: 'root' })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'role' }],
    })
    const rows = await (await stage.db()).selectFrom('users').select('id').where('email', '=', email).execute()
    expect(rows).toEqual([])
  })

  it('refuses the address of an account, and an input that is none', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const create = auth.api.users.create
    await expect(create({ email: email.toUpperCase(), password: PASSWORD })).rejects.toMatchObject({
      code: 'email_taken',
    })
    await expect(create({ email: 'no address', password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'email' }],
    })
    await expect(create({ email: newEmail(), password: 'short' })).rejects.toMatchObject({ code: 'weak_password' })
  })

  it('ends every session the moment an account is disabled, on every node', async () => {
    const [here, there] = [await stage.open(), await stage.open()]
    const person = await newcomer(here)
    const other = await signIn(there, person)
    const stranger = await newcomer(here)

    await here.api.users.disable(person.user_id)

    for (const { access_token, refresh_token } of [person, other]) {
      expect(await standingOf(there, access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(there, refresh_token))).toBe('session_revoked')
    }
    expect(await standingOf(there, stranger.access_token)).toBe('200')
    const events = await eventsOf(await stage.db(), { userId: person.user_id })
    expect(events.filter(({ type }) => /disabled|revoked/.test(type)).map(({ type, data }) => [type, data])).toEqual([
      ['account.disabled', '{}'],
      ['session.revoked', '{"reason":"account_disabled"}'],
      ['session.revoked', '{"reason":"account_disabled"}'],
    ])
  })

  it('tells that an account is disabled to nobody but who knows its password', async () => {
    const auth = await stage.open()
    const { email, user_id } = await newcomer(auth)
    await auth.api.users.disable(user_id)
    const right = await post(auth, '/auth/login', { email, password: PASSWORD })
    expect(right.status).toBe(403)
    expect(await codeOf(right)).toBe('account_disabled')
    expect(await codeOf(await post(auth, '/auth/login', { email, password: 'wrong password' }))).toBe(
      'invalid_credentials',
    )
  })

  it('lets who is enabled again sign in, and brings no session back', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    await auth.api.users.disable(person.user_id)
    await auth.api.users.enable(person.user_id)

    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    const again = await signIn(auth, person)
    const me = meShape.parse(await (await get(auth, '/auth/me', again.access_token)).json())
    expect(me.session_id).toBe(again.session.id)
    expect(await auth.api.users.find(person.user_id)).toMatchObject({ disabledAt: null })
  })

  it('ends what was signed in with credentials that have changed since, by their version alone', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const db = await stage.db()
    await db
      .updateTable('users')
      .set((eb) => ({ credential_version: eb('credential_version', '+', 1) }))
      .where('id', '=', person.user_id)
      .execute()
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, person.refresh_token))).toBe('session_revoked')
    const now = await signIn(auth, person)
    expect(await (await get(auth, '/auth/sessions', now.access_token)).json()).toMatchObject({
      sessions: [{ id: now.session.id }],
    })
  })

  it('does nothing twice, and nothing to nobody', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    await auth.api.users.enable(person.user_id)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    await auth.api.users.disable(person.user_id)
    await auth.api.users.disable(person.user_id)
    const events = await eventsOf(await stage.db(), { userId: person.user_id })
    expect(events.filter(({ type }) => type.startsWith('account.'))).toHaveLength(1)
    const nobody = '019b0000-0000-7000-8000-000000000001'
    await expect(auth.api.users.disable(nobody)).rejects.toMatchObject({ code: 'not_found' })
    await expect(auth.api.users.enable('x')).rejects.toMatchObject({ code: 'not_found' })
    expect(await auth.api.users.find(nobody)).toBeNull()
  })
})

describeEachAuth(
  'The list of accounts',
  (stage) => {
    it('is empty at first', async () => {
      const auth = await stage.open()
      expect(await auth.api.users.list()).toEqual({ items: [], nextCursor: null })
    })

    it('comes in pages, each account once, in the order of creation', async () => {
      const auth = await stage.open()
      const made: string[] = []
      for (let index = 0; index < 5; index++) {
        auth.clock.advance(1)
        made.push((await auth.api.users.create({ email: newEmail(), password: PASSWORD })).id)
      }
      const seen: string[][] = []
      let cursor: string | undefined
      do {
        const page = await auth.api.users.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) })
        seen.push(page.items.map(({ id }) => id))
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      expect(seen).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)])
      // A page that the list fills exactly is the last one.
      expect((await auth.api.users.list({ limit: 5 })).nextCursor).toBeNull()
      expect((await auth.api.users.list({ limit: 0 })).items).toHaveLength(1)
      const everything = JSON.stringify(await auth.api.users.list())
      expect(everything).not.toMatch(/argon2|password/i)
    })
  },
  'test',
)
