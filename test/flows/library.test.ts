import { expect, it } from 'vitest'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { eventsOf } from './audit-trail.js'
import { DAY } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { bearer, newcomer, newEmail, PASSWORD, standingOf } from './people.js'
import { hideTable } from './refusing-database.js'

describeEachAuth('The library, without HTTP', (stage) => {
  it('registers, signs in, and tells everything in its own types', async () => {
    const auth = await stage.open()
    const email = newEmail()
    const context = { ipAddress: '203.0.113.7', userAgent: 'story/1', requestId: 'r-1' }

    const registered = await auth.api.register({ email, password: PASSWORD, username: 'Anna' }, context)

    expect(registered).toMatchObject({
      tokenType: 'Bearer',
      expiresIn: 86_400,
      expiresAt: new Date('2026-01-02T00:00:00Z'),
      user: { email, username: 'Anna', emailVerified: false, tenantId: DEFAULT_TENANT_ID, isGuest: false },
      session: { ipAddress: '203.0.113.7', userAgent: 'story/1', expiresAt: new Date('2026-01-31T00:00:00Z') },
    })
    const signedIn = await auth.api.login({ email, password: PASSWORD, remember: false })
    expect(signedIn.session?.expiresAt).toEqual(new Date('2026-01-02T00:00:00Z'))
    expect(signedIn.session?.ipAddress).toBeNull()
    const [event] = await eventsOf(await stage.db(), { sessionId: registered.sessionId })
    expect(event).toMatchObject({ request_id: 'r-1', user_agent: 'story/1' })
    // The same tokens, whichever way they came.
    expect(await standingOf(auth, registered.accessToken)).toBe('200')
  })

  it('refuses with the codes of the endpoints', async () => {
    const auth = await stage.open()
    const { email, access_token, refresh_token } = await newcomer(auth)
    const { api } = auth
    const refusals = [
      [() => api.register({ email, password: PASSWORD }), 'email_taken'],
      [() => api.register({ email: 'x', password: PASSWORD }), 'invalid_request'],
      [() => api.register({ email: newEmail(), password: 'short' }), 'weak_password'],
      [() => api.register({ email: newEmail(), password: PASSWORD, tenantId: 'x' }), 'invalid_request'],
      [() => api.login({ email, password: 'wrong password' }), 'invalid_credentials'],
      [
        () => api.login({ email, password: PASSWORD }, { tenantId: '019b0000-0000-7000-8000-00000000ffff' }),
        'invalid_credentials',
      ],
      [() => api.login({ email, password: PASSWORD }, { tenantId: 'x' }), 'invalid_request'],
      [() => api.refresh({ refreshToken: access_token }), 'invalid_token'],
      [
        () => api.refresh({ refreshToken: refresh_token }, { tenantId: '019b0000-0000-7000-8000-00000000ffff' }),
        'forbidden',
      ],
      [() => api.verify({ accessToken: refresh_token }), 'invalid_token'],
      [() => api.verify({ accessToken: access_token, roles: ['admin'] }), 'forbidden'],
      [() => api.verify({ accessToken: access_token, permissions: ['content:read', 'users:read'] }), 'forbidden'],
    ] as const
    for (const [call, code] of refusals) {
      const error: unknown = await call().then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(SallyportError)
      expect(error).toMatchObject({ code })
    }
    const identity = await api.verify({ accessToken: access_token, roles: ['viewer'], permissions: ['content:read'] })
    expect(identity).toMatchObject({ email, authMethods: ['password'], authTime: Date.UTC(2026, 0, 1) })
  })

  it('refreshes, renames, lists, revokes and logs out', async () => {
    const auth = await stage.open()
    const { api } = auth
    const person = await newcomer(auth)
    const next = await api.refresh({ refreshToken: person.refresh_token })
    const identity = await api.verify({ accessToken: next.accessToken })
    expect(await api.updateMe(identity, {})).toBe(identity)
    expect(await api.updateMe(identity, { username: ' Bo ' })).toMatchObject({ username: 'Bo' })
    await expect(api.updateMe(identity, { username: '' })).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await api.verify({ accessToken: next.accessToken })).toMatchObject({ username: 'Bo' })

    auth.clock.advance(1)
    const second = await api.login({ email: person.email, password: PASSWORD })
    const third = await api.login({ email: person.email, password: PASSWORD })
    const list = await api.sessions.list(identity)
    expect(list.map(({ current }) => current)).toEqual([false, false, true])
    await api.sessions.revoke(identity, second.sessionId)
    await expect(api.sessions.revoke(identity, second.sessionId)).rejects.toMatchObject({ code: 'not_found' })
    expect(await api.sessions.revokeAll(identity, { except: 'current' })).toBe(1)
    await expect(api.verify({ accessToken: third.accessToken })).rejects.toMatchObject({ code: 'session_revoked' })

    await api.logout({ accessToken: next.accessToken })
    await api.logout({ accessToken: next.accessToken })
    await api.logout({ accessToken: 'x' })
    await expect(api.refresh({ refreshToken: next.refreshToken })).rejects.toMatchObject({ code: 'session_revoked' })
  })

  it('takes a token for the tenant that is named alone', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const another = '019b0000-0000-7000-8000-00000000ffff'
    const inTenant = (tenantId: string) => auth.api.verify({ accessToken: access_token, tenantId })
    expect(await inTenant(DEFAULT_TENANT_ID)).toMatchObject({ tenantId: DEFAULT_TENANT_ID })
    await expect(inTenant(another)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it.each(['stateful', 'stateless'] as const)('believes nothing that was written into an answer (%s)', async (mode) => {
    const auth = await stage.open({ config: { auth: { mode } } })
    const { accessToken, userId } = await auth.api.register({ email: newEmail(), password: PASSWORD })
    const identity = await auth.api.verify({ accessToken })
    for (const name of ['userId', 'tenantId', 'username']) Reflect.set(identity, name, 'forged')
    for (const list of [identity.roles, identity.permissions, identity.authMethods]) Reflect.set(list, 0, 'admin')
    Reflect.set(identity, 'roles', ['admin'])

    const again = await auth.api.verify({ accessToken })
    expect(again).toMatchObject({ userId, tenantId: DEFAULT_TENANT_ID, roles: ['viewer'], authMethods: ['password'] })
    expect(again.permissions).not.toContain('admin')
    const other = await auth.api.register({ email: newEmail(), password: PASSWORD })
    expect(other.user.roles).toEqual(['viewer'])
    await expect(auth.api.verify({ accessToken, roles: ['admin'] })).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('shows the sessions of somebody to the host application, and ends them', async () => {
    const auth = await stage.open()
    const { api } = auth
    const person = await newcomer(auth)
    const neighbour = await newcomer(auth)
    await api.login({ email: person.email, password: PASSWORD }, { userAgent: 'story/2' })
    const list = await api.users.sessions(person.user_id)
    expect(list.map(({ current, userAgent }) => [current, userAgent])).toEqual([
      [false, 'story/2'],
      [false, null],
    ])
    expect(await api.users.endSessions(person.user_id)).toBe(2)
    expect(await api.users.endSessions(person.user_id)).toBe(0)
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    expect(await standingOf(auth, neighbour.access_token)).toBe('200')
    const events = await eventsOf(await stage.db(), { sessionId: person.session.id })
    expect(events.find(({ type }) => type === 'session.revoked')).toMatchObject({ actor_id: null })
    const nobody = '019b0000-0000-7000-8000-00000000ffff'
    await expect(api.users.sessions(nobody)).rejects.toMatchObject({ code: 'not_found' })
    await expect(api.users.endSessions(nobody)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('tells whether it is ready', async () => {
    const { api } = await stage.open()
    const checks = { database: 'ok', cache: 'disabled', signingKeys: 'ok', cleanup: 'ok' }
    expect(await api.health.ready()).toEqual({ status: 'ready', checks })
  })

  it('lists, publishes and rotates keys, and signs nobody out by it', async () => {
    const auth = await stage.open({ config: { auth: { mode: 'stateless' } } })
    const { api } = auth
    const { accessToken } = await api.register({ email: newEmail(), password: PASSWORD })
    await api.checkJwt({ accessToken })
    await expect(api.checkJwt({ accessToken: `${accessToken}A` })).rejects.toMatchObject({ code: 'invalid_token' })
    const signing = async () => (await api.keys.list()).find(({ purpose, inUse }) => purpose === 'signing' && inUse)
    const before = await signing()
    expect(before).toMatchObject({ algorithm: 'EdDSA', status: 'active', createdAt: expect.any(Date), retiredAt: null })
    await api.keys.rotate()
    expect((await signing())?.kid).not.toBe(before?.kid)
    const { keys } = await api.keys.publicKeys()
    // The retired one, the active one, and the next.
    expect(keys.map(({ kid }) => kid)).toContain(before?.kid)
    expect(keys.every((key) => !('d' in key))).toBe(true)
    await api.keys.rotate('session')
    await api.verify({ accessToken })
    expect(await auth.authenticate(new Headers(bearer(accessToken)))).toMatchObject({ tokenFormat: 'jwt' })
  })

  it('answers who sends a request, or nobody', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const url = 'http://localhost:3000/anything'
    const asRequest = new Request(url, { headers: bearer(person.access_token) })
    expect(await auth.authenticate(asRequest)).toMatchObject({ userId: person.user_id, sessionId: person.session.id })
    const asCookie = new Headers({ cookie: `a=b; session_id=${person.access_token}` })
    expect(await auth.authenticate(asCookie)).toMatchObject({ userId: person.user_id })
    const asNode = { headers: { host: 'localhost', ...bearer(person.access_token) } }
    for (const sent of [asNode, asNode.headers, { Authorization: `Bearer ${person.access_token}` }]) {
      expect(await auth.authenticate(sent)).toMatchObject({ userId: person.user_id })
    }
    const twice = { authorization: [`Bearer ${person.access_token}`, `Bearer ${person.access_token}`] }
    for (const sent of [{}, { headers: {} }, twice, { headers: 'x' }]) expect(await auth.authenticate(sent)).toBeNull()

    const wrongTenant = { ...bearer(person.access_token), 'x-tenant-id': '019b0000-0000-7000-8000-00000000ffff' }
    for (const headers of [{}, bearer('x'), bearer(person.refresh_token)]) {
      expect(await auth.authenticate(new Headers(headers))).toBeNull()
    }
    // A contradiction is no absence.
    await expect(auth.authenticate(new Headers(wrongTenant))).rejects.toMatchObject({ code: 'forbidden' })
    auth.clock.advance(2 * DAY)
    expect(await auth.authenticate(asRequest)).toBeNull()
  })

  it('handles the whole HTTP surface as one function', async () => {
    const auth = await stage.open()
    const answer = await auth.handler(new Request('http://localhost:3000/health/live'))
    expect(await answer.json()).toEqual({ status: 'live' })
    expect((await auth.handler(new Request('http://localhost:3000/nothing'))).status).toBe(404)
  })
})

describeEachAuth(
  'The library over a database that fails',
  (stage) => {
    it('never takes a failure for nobody', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const bringBack = await hideTable(await stage.db(), 'sessions')
      const headers = new Headers(bearer(person.access_token))
      await expect(auth.authenticate(headers)).rejects.toThrow()
      await expect(auth.api.verify({ accessToken: person.access_token })).rejects.toThrow()
      await bringBack()
      expect(await auth.authenticate(headers)).toMatchObject({ userId: person.user_id })
    })
  },
  'test',
)
