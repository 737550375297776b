import { expect, it } from 'vitest'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, codeOf, get, meShape, newcomer, newEmail, PASSWORD, post, send, signIn, tokensOf } from './people.js'

// ASVS 7.2.4, 14.2.1
describeEachAuth('Registering, signing in, and seeing oneself', (stage) => {
  it.each(['/auth', '/api/auth'])('registers an account under %s and signs it in', async (base) => {
    const auth = await stage.open()
    const email = newEmail()

    const answer = await post(auth, `${base}/register`, { email, password: PASSWORD, username: 'Anna' })
    const tokens = await tokensOf(answer, 201)

    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 86_400,
      expires_at: '2026-01-02T00:00:00.000Z',
      user_id: tokens.user.id,
      session_token: tokens.access_token,
      user: {
        email,
        username: 'Anna',
        email_verified: false,
        tenant_id: DEFAULT_TENANT_ID,
        roles: ['viewer'],
        is_guest: false,
        created_at: '2026-01-01T00:00:00.000Z',
      },
      session: {
        ip_address: '127.0.0.1',
        user_agent: null,
        created_at: '2026-01-01T00:00:00.000Z',
        last_activity: '2026-01-01T00:00:00.000Z',
        expires_at: '2026-01-31T00:00:00.000Z',
      },
    })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('names who gives no username after the address', async () => {
    const auth = await stage.open()
    const { user } = await newcomer(auth, { email: `grace.hopper+${newEmail()}` })
    expect(user.username).toMatch(/^grace\.hopper\+person-/)
  })

  it.each(['/auth', '/api/auth'])('opens a new session at each sign-in under %s', async (base) => {
    const auth = await stage.open()
    const person = await newcomer(auth)

    const first = await tokensOf(await post(auth, `${base}/login`, { email: person.email, password: PASSWORD }))
    const second = await tokensOf(await post(auth, `${base}/login`, { email: person.email, password: PASSWORD }))

    expect(first.user).toEqual(person.user)
    expect(new Set([person, first, second].map(({ session }) => session.id)).size).toBe(3)
    expect(new Set([person, first, second].map(({ access_token }) => access_token)).size).toBe(3)
  })

  it('takes the address in any spelling at sign-in', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const { user } = await signIn(auth, { email: ` ${person.email.toUpperCase()} `, password: PASSWORD })
    expect(user.id).toBe(person.user_id)
  })

  it.each(['/auth/me', '/api/auth/me', '/users/me'])('tells at %s who holds the token', async (path) => {
    const auth = await stage.open()
    const person = await newcomer(auth)

    const answer = await get(auth, path, person.access_token)

    expect(answer.status).toBe(200)
    expect(meShape.parse(await answer.json())).toEqual({
      ...person.user,
      session_id: person.session.id,
      auth_methods: ['password'],
      auth_time: '2026-01-01T00:00:00.000Z',
    })
  })

  it('changes the username, and every session sees it', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const other = await signIn(auth, person)

    const answer = await send(auth, 'PATCH', '/auth/me', person.access_token, { username: '  Zoë\u0308 ' })

    expect(meShape.parse(await answer.json()).username).toBe('Zo\u00eb\u0308')
    const seen = meShape.parse(await (await get(auth, '/users/me', other.access_token)).json())
    expect(seen.username).toBe('Zo\u00eb\u0308')
  })

  it('changes nothing where nothing is asked for', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const answer = await send(auth, 'PATCH', '/api/auth/me', person.access_token, {})
    expect(meShape.parse(await answer.json())).toMatchObject(person.user)
  })

  it.each(['', ' ', 'x'.repeat(65), 'a\nb', 'a\u202eb', 'a\u2028b'])('refuses the username %j', async (username) => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    expect(await codeOf(await send(auth, 'PATCH', '/auth/me', person.access_token, { username }))).toBe(
      'invalid_request',
    )
  })

  it('gives an unknown address and a wrong password the same answer', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const bodies = []
    for (const login of [
      { email, password: 'another password' },
      { email: newEmail(), password: PASSWORD },
    ]) {
      const answer = await post(auth, '/auth/login', login, { 'x-request-id': 'one' })
      bodies.push([answer.status, answer.headers.get('www-authenticate'), await answer.text()])
    }
    expect(bodies[0]).toEqual(bodies[1])
    expect(bodies[0]?.[0]).toBe(401)
  })

  it('asks for authentication where none is sent', async () => {
    const auth = await stage.open()
    for (const path of ['/auth/me', '/users/me', '/auth/sessions', '/auth/csrf', '/auth/verify']) {
      const answer = await auth.request(path)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="sallyport"')
      expect(await codeOf(answer)).toBe('unauthenticated')
    }
  })

  it('never takes a token from the query', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    for (const name of ['access_token', 'token', 'session_token', 'session_id']) {
      expect(await codeOf(await auth.request(`/auth/me?${name}=${access_token}`))).toBe('unauthenticated')
    }
  })

  it('keeps a well-formed request id, and replaces another', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const idOf = async (sent: string) =>
      (await auth.request('/auth/me', { headers: { ...bearer(access_token), 'x-request-id': sent } })).headers.get(
        'x-request-id',
      )
    expect(await idOf('trace-1.2_3')).toBe('trace-1.2_3')
    expect(await idOf('a b')).not.toBe('a b')
    expect(await idOf('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each(['closed', 'invite'] as const)('lets nobody register where registration is %s', async (registration) => {
    const auth = await stage.open({ config: { auth: { registration } } })
    const email = newEmail()
    const answer = await post(auth, '/auth/register', { email, password: PASSWORD })
    expect(answer.status).toBe(403)
    expect(await codeOf(answer)).toBe('forbidden')
    const rows = await (await stage.db()).selectFrom('users').select('id').where('email', '=', email).execute()
    expect(rows).toEqual([])

    // The host application still makes accounts, and they sign in.
    await auth.api.users.create({ email, password: PASSWORD })
    await signIn(auth, { email, password: PASSWORD })
  })
})
