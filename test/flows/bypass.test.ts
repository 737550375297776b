import { expect, it } from 'vitest'
import type { z } from 'zod'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { trailOf } from './audit-trail.js'
import { Browser } from './browser.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import {
  codeOf,
  get,
  meShape,
  newcomer,
  newEmail,
  PASSWORD,
  post,
  refresh,
  signIn,
  standingOf,
  type TokenAnswer,
  tokensOf,
} from './people.js'

const BYPASS = { config: { auth: { mode: 'bypass' } } } as const
const ABSENT_TENANT = '019b0000-0000-7000-8000-00000000ffff'

const developing = (stage: Stage) => stage.open(BYPASS)
const developerShape = meShape.omit({ session_id: true, auth_methods: true, auth_time: true })

/** What `GET /auth/me-bypass` tells. */
async function meOf<Shape extends z.ZodType>(answer: Response, shape: Shape): Promise<z.output<Shape>> {
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return shape.parse(JSON.parse(text))
}

describeEachAuth('Signing in by bypass', (stage) => {
  it('makes whoever is named, under every base path, and finds them again', async () => {
    const auth = await developing(stage)
    const email = newEmail()
    const first = await tokensOf(await post(auth, '/auth/login-bypass', { email: email.toUpperCase() }))
    expect(first.user).toMatchObject({
      ...{ email, email_verified: false, tenant_id: DEFAULT_TENANT_ID, roles: ['viewer'], is_guest: false },
      username: email.slice(0, email.indexOf('@')),
    })
    const again = await tokensOf(await post(auth, '/api/auth/login-bypass', { email, username: 'Somebody else' }))
    expect(again.user).toEqual(first.user)
    expect(again.session.id).not.toBe(first.session.id)
    const me = await meOf(await get(auth, '/auth/me', first.access_token), meShape)
    expect(me).toMatchObject({ id: first.user_id, auth_methods: ['bypass'], session_id: first.session.id })
  })

  it('takes a name instead of an address, and nothing at all for the developer', async () => {
    const auth = await developing(stage)
    const userOf = async (json: unknown) => (await tokensOf(await post(auth, '/auth/login-bypass', json))).user
    expect(await userOf({ username: 'Ada Lovelace' })).toMatchObject({
      ...{ email: 'ada-lovelace@localhost', username: 'Ada Lovelace' },
    })
    expect((await userOf({ username: 'ADA  Lovelace' })).username).toBe('Ada Lovelace')
    expect(await userOf({ username: '太郎' })).toMatchObject({ email: '太郎@localhost' })
    const developer = await userOf({})
    expect(developer).toMatchObject({ email: 'dev@localhost', username: 'dev' })
    const withoutBody = await tokensOf(await auth.request('/auth/login-bypass', { method: 'POST' }))
    expect(withoutBody.user).toEqual(developer)
  })

  it.each([
    ['what is no address', { email: 'nobody' }],
    ['a name that makes no address', { username: 'ﷺ'.repeat(20) }],
    ['an empty name', { username: ' ' }],
    ['a tenant that is not there', { tenant_id: ABSENT_TENANT }],
    ['another way to travel', { transport: 'pigeon' }],
  ])('refuses %s', async (_, json) => {
    const auth = await developing(stage)
    expect(await codeOf(await post(auth, '/auth/login-bypass', json))).toBe('invalid_request')
  })

  it('signs in to an account with all that it may do, and changes nothing about it', async () => {
    const auth = await developing(stage)
    const given = { email: newEmail(), password: PASSWORD, username: 'Root' }
    const { id } = await auth.api.users.create({ ...given, role: 'superadmin' })
    const { user } = await tokensOf(await post(auth, '/auth/login-bypass', { email: given.email, username: 'x' }))
    expect(user).toMatchObject({ id, username: 'Root', roles: ['superadmin'], permissions: ['*'] })
    expect((await signIn(auth, given)).user).toEqual(user)
  })

  it('keeps out who is disabled, and writes that down', async () => {
    const auth = await developing(stage)
    const { email, user_id } = await newcomer(auth)
    await auth.api.users.disable(user_id)
    expect(await codeOf(await post(auth, '/auth/login-bypass', { email }))).toBe('account_disabled')
    expect(await trailOf(await stage.db(), { userId: user_id })).toContain('login.failed')
    await auth.api.users.enable(user_id)
    await tokensOf(await post(auth, '/auth/login-bypass', { email }))
  })

  it('makes one account of many requests at once', async () => {
    const [here, there] = [await developing(stage), await developing(stage)]
    const email = newEmail()
    const login = (node: typeof here) => post(node, '/auth/login-bypass', { email })
    const answers = await Promise.all([here, there, here, there, here, there].map(login))
    const people: TokenAnswer[] = []
    for (const answer of answers) people.push(await tokensOf(answer))
    expect(new Set(people.map(({ user_id }) => user_id)).size).toBe(1)
    expect(new Set(people.map(({ session }) => session.id)).size).toBe(answers.length)
    const trail = await trailOf(await stage.db(), { userId: people[0]?.user_id ?? '' })
    expect(trail.filter((type) => type === 'user.registered')).toHaveLength(1)
    expect(trail.filter((type) => type === 'login.succeeded')).toHaveLength(answers.length)
  })
})

describeEachAuth('Being somebody by bypass', (stage) => {
  it('is being signed in as always: refresh, the list of sessions, forward authentication, logout', async () => {
    const auth = await developing(stage)
    const person = await tokensOf(await post(auth, '/auth/login-bypass', { email: newEmail() }))
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    expect((await get(auth, '/auth/verify', next.access_token)).status).toBe(200)
    const list = await auth.api.sessions.list(await auth.api.verify({ accessToken: next.access_token }))
    expect(list).toMatchObject([{ id: person.session.id, current: true, authMethods: ['bypass'] }])

    const headers = { authorization: `Bearer ${next.access_token}` }
    const logout = () => auth.request('/auth/logout-bypass', { method: 'POST', headers })
    expect((await logout()).status).toBe(204)
    expect(await standingOf(auth, next.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(auth, next.refresh_token))).toBe('session_revoked')
    expect((await logout()).status).toBe(204)
  })

  it('works with cookies that no script sees', async () => {
    const auth = await developing(stage)
    const browser = new Browser(auth)
    const json = { email: newEmail(), transport: 'cookie' }
    const answer = await browser.send('POST', '/auth/login-bypass', { json })
    expect(await answer.json()).not.toHaveProperty('access_token')
    const me = await meOf(await browser.send('GET', '/auth/me-bypass'), meShape)
    expect(me.email).toBe(json.email)
    const session = browser.value('session_id') ?? ''
    expect((await browser.send('POST', '/auth/logout-bypass')).status).toBe(204)
    expect(browser.cookies.size).toBe(0)
    expect(await standingOf(auth, session)).toBe('session_revoked')
  })

  it('is being the developer without a token, and nobody with a bad one', async () => {
    const auth = await developing(stage)
    const developer = await meOf(await auth.request('/auth/me-bypass'), developerShape)
    expect(developer).toMatchObject({ email: 'dev@localhost', username: 'dev', roles: ['viewer'] })
    expect(await meOf(await auth.request('/api/auth/me-bypass'), developerShape)).toEqual(developer)
    const signedIn = await tokensOf(await post(auth, '/auth/login-bypass', {}))
    expect(signedIn.user).toEqual(developer)
    const withToken = await meOf(await get(auth, '/auth/me-bypass', signedIn.access_token), meShape)
    expect(withToken).toMatchObject({ ...developer, session_id: signedIn.session.id })

    const wrong = (authorization: string) => auth.request('/auth/me-bypass', { headers: { authorization } })
    for (const text of ['Bearer x', 'Bearer', 'Bearer a b', 'Basic YTpi', ''])
      expect([text, await codeOf(await wrong(text))]).toEqual([text, 'invalid_token'])
    await auth.api.logout({ accessToken: signedIn.access_token })
    expect(await codeOf(await get(auth, '/auth/me-bypass', signedIn.access_token))).toBe('session_revoked')
  })

  it('leaves everything else as it is in stateful mode', async () => {
    const auth = await developing(stage)
    const person = await newcomer(auth)
    await signIn(auth, person)
    expect(await codeOf(await post(auth, '/auth/login', { email: person.email, password: 'wrong' }))).toBe(
      'invalid_credentials',
    )
    expect((await auth.request('/auth/me')).status).toBe(401)
    const made = newEmail()
    await post(auth, '/auth/login-bypass', { email: made })
    const taken = await post(auth, '/auth/register', { email: made, password: PASSWORD })
    expect(await codeOf(taken)).toBe('email_taken')
  })

  it('is a call of the library too', async () => {
    const auth = await developing(stage)
    const email = newEmail()
    const signedIn = await auth.api.bypass?.login({ email }, { userAgent: 'story/1' })
    expect(signedIn).toMatchObject({ user: { email }, session: { userAgent: 'story/1' } })
    expect(await auth.api.bypass?.developer()).toMatchObject({ email: 'dev@localhost', roles: ['viewer'] })
    expect((await auth.api.bypass?.login())?.user.email).toBe('dev@localhost')
    await expect(auth.api.bypass?.login({ tenantId: ABSENT_TENANT })).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(auth.api.bypass?.developer({ tenantId: ABSENT_TENANT })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })
})
