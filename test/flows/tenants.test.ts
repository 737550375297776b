import { expect, it } from 'vitest'
import { uuidv7 } from '../../src/runtime/ids.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { eventsOf } from './audit-trail.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import {
  bearer,
  codeOf,
  get,
  newcomer,
  newEmail,
  PASSWORD,
  post,
  refresh,
  send,
  signIn,
  standingOf,
  tokensOf,
} from './people.js'

describeEachAuth('Tenants', (stage) => {
  it('may each have an account of one address, with a password and roles of its own', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage, 'editor')
    const email = newEmail()
    const here = await newcomer(auth, { email, password: 'the first password' })
    const there = await newcomer(auth, { email, password: 'the other password', tenant_id: tenant })

    expect(there.user).toMatchObject({ email, tenant_id: tenant, roles: ['editor'] })
    expect(here.user).toMatchObject({ email, tenant_id: DEFAULT_TENANT_ID, roles: ['viewer'] })
    const login = { email, password: 'the other password' }
    expect(await codeOf(await post(auth, '/auth/login', login))).toBe('invalid_credentials')
    const byHeader = await post(auth, '/auth/login', login, { 'x-tenant-id': tenant })
    expect((await tokensOf(byHeader)).user_id).toBe(there.user_id)
    const byBody = await post(auth, '/api/auth/login', { ...login, tenant_id: tenant.toUpperCase() })
    expect((await tokensOf(byBody)).user_id).toBe(there.user_id)
  })

  it('see nothing of each other', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const email = newEmail()
    const here = await newcomer(auth, { email })
    const there = await newcomer(auth, { email, tenant_id: tenant })

    const list = await (await get(auth, '/auth/sessions', there.access_token)).text()
    expect(list).toContain(there.session.id)
    expect(list).not.toContain(here.session.id)
    const revoke = await send(auth, 'DELETE', `/auth/sessions/${here.session.id}`, there.access_token)
    expect(await codeOf(revoke)).toBe('not_found')
    expect(await (await send(auth, 'DELETE', '/auth/sessions', there.access_token)).json()).toEqual({ revoked: 1 })
    expect(await standingOf(auth, here.access_token)).toBe('200')

    await auth.api.users.disable(there.user_id)
    expect(await standingOf(auth, here.access_token)).toBe('200')
    const page = await auth.api.users.list({ tenantId: tenant })
    expect(page.items.map(({ id }) => id)).toEqual([there.user_id])
  })

  it('keep their own in the audit log', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const { user_id } = await newcomer(auth, { tenant_id: tenant })
    const events = await eventsOf(await stage.db(), { userId: user_id })
    expect(new Set(events.map(({ tenant_id }) => tenant_id))).toEqual(new Set([tenant]))
  })

  it('are named the same in body and header, or the request is refused', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const person = await newcomer(auth)
    const headers = { 'x-tenant-id': tenant }
    for (const path of ['/auth/register', '/auth/login']) {
      const json = { email: person.email, password: PASSWORD, tenant_id: DEFAULT_TENANT_ID }
      expect(await codeOf(await post(auth, path, json, headers))).toBe('invalid_request')
    }
    const same = { email: newEmail(), password: PASSWORD, tenant_id: tenant }
    expect((await post(auth, '/auth/register', same, headers)).status).toBe(201)
  })

  it('that do not exist have no accounts, and their sign-in tells no more', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const nowhere = uuidv7(1)
    const answer = await post(auth, '/auth/login', { email, password: PASSWORD, tenant_id: nowhere })
    expect(answer.status).toBe(401)
    expect(await codeOf(answer)).toBe('invalid_credentials')
    const registration = await post(auth, '/auth/register', { email, password: PASSWORD, tenant_id: nowhere })
    expect(await codeOf(registration)).toBe('invalid_request')
    const events = await (await stage.db()).selectFrom('audit_events').select('id').where('tenant_id', '=', nowhere)
    expect(await events.execute()).toEqual([])
  })

  it.each(['default', '', "x' or '1'='1", '00000000-0000-0000-0000-00000000000g'])(
    'are named by their id, and by nothing like %j',
    async (name) => {
      const auth = await stage.open()
      const { email } = await newcomer(auth)
      const login = { email, password: PASSWORD }
      expect(await codeOf(await post(auth, '/auth/login', { ...login, tenant_id: name }))).toBe('invalid_request')
      expect(await codeOf(await post(auth, '/auth/login', login, { 'x-tenant-id': name }))).toBe('invalid_request')
    },
  )

  it('hold a token to its own, whatever the request names', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const person = await newcomer(auth)
    const there = await signIn(auth, await newcomer(auth, { tenant_id: tenant }), { tenant_id: tenant })
    const statusOf = async (method: string, path: string, token: string, named: string) =>
      (await auth.request(path, { method, headers: { ...bearer(token), 'x-tenant-id': named } })).status
    for (const [method, path] of [
      ['GET', '/auth/me'],
      ['GET', '/users/me'],
      ['GET', '/auth/sessions'],
      ['GET', '/auth/verify'],
      ['DELETE', '/auth/sessions?except=current'],
    ] as const) {
      expect(await statusOf(method, path, person.access_token, tenant)).toBe(403)
      expect(await statusOf(method, path, there.access_token, DEFAULT_TENANT_ID)).toBe(403)
      expect(await statusOf(method, path, there.access_token, tenant)).toBe(200)
    }
  })

  it('hold a refresh token to its own too, and nothing is spent by a mistake', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const person = await newcomer(auth)
    const json = { refresh_token: person.refresh_token }
    const answer = await post(auth, '/auth/refresh', json, { 'x-tenant-id': tenant })
    expect(answer.status).toBe(403)
    expect(await codeOf(answer)).toBe('forbidden')
    auth.clock.advance(60_000)
    const named = await post(auth, '/auth/refresh', json, { 'x-tenant-id': DEFAULT_TENANT_ID })
    await tokensOf(await refresh(auth, (await tokensOf(named)).refresh_token))
  })
})

async function newTenant(stage: Stage, role = 'viewer'): Promise<string> {
  const id = uuidv7(Date.UTC(2026, 0, 1))
  const row = { id, slug: id, name: 'Another', default_role: role, created_at: 1 }
  await (await stage.db()).insertInto('tenants').values(row).execute()
  return id
}
