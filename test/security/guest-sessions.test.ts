import { createSecretKey } from 'node:crypto'
import { expect, it } from 'vitest'
import { uuidv7 } from '../../src/runtime/ids.js'
import { Browser } from '../flows/browser.js'
import { MINUTE, SECOND } from '../flows/durations.js'
import { describeEachAuth, type Stage } from '../flows/each-auth.js'
import { jsonOf, newGuest, upgrade, upgraded, validityOf } from '../flows/guest-world.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { bearer, codeOf, get, newcomer, newEmail, PASSWORD, post, send, standingOf } from '../flows/people.js'
import { hideTable } from '../flows/refusing-database.js'
import { newHolder } from '../flows/token-holders.js'
import { craft, partsOf, segment } from './forged-token.js'

// ASVS 9.2.2
describeEachAuth('A guest’s session', (stage) => {
  it.each(['EdDSA', 'HS256'] as const)('is not had by a token that somebody else made, with %s', async (algorithm) => {
    const auth = await openNodeOfTest({ url: stage.url(), auth: { jwt: { algorithm } } })
    const guest = await newGuest(auth)
    const { head, body, signature, header, claims } = partsOf(guest.token)
    const key = await auth.keyring.signingKey()
    const bits = Buffer.from(signature, 'base64url')
    bits[0] = (bits[0] ?? 0) ^ 1
    // The public key taken for a shared secret.
    const shared = createSecretKey(Buffer.from(String(key.publicJwk?.['x']), 'base64url'))
    const hmac = { algorithm: 'HS256', signingKey: shared } as const
    const forged = [
      `${head}.${body}.${bits.toString('base64url')}`,
      `${segment({ ...header, alg: 'none' })}.${body}.`,
      `${segment({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${head}.${segment({ ...claims, sub: uuidv7(1), user_id: uuidv7(1) })}.${signature}`,
      `${head}.${segment({ ...claims, exp: Number(claims['exp']) + 1 })}.${signature}`,
      ...(algorithm === 'HS256' ? [] : [craft(hmac, { ...header, alg: 'HS256' }, claims)]),
    ]
    for (const token of forged) {
      expect(await validityOf(auth, token)).toBe('invalid_token')
      expect(await standingOf(auth, token)).toBe('invalid_token')
      expect(await codeOf(await upgrade(auth, token))).toBe('invalid_token')
    }
    // Signed by the very key, and of nobody's session, or somebody else's.
    const other = await newGuest(auth)
    const stray = { ...claims, sid: uuidv7(auth.clock.now()) }
    const borrowed = { ...claims, sid: other.session_id }
    const foreign = { ...claims, tenant_id: '019b0000-0000-7000-8000-00000000ffff' }
    for (const altered of [stray, borrowed, foreign]) {
      const token = craft(key, header, altered)
      expect(await validityOf(auth, token)).toBe('session_revoked')
      expect(await standingOf(auth, token)).toBe('session_revoked')
    }
    for (const { token } of [guest, other]) expect(await validityOf(auth, token)).toBe('200')
  })

  it.each(['stateful', 'stateless'] as const)(
    'is no account’s, and an account’s is no guest’s, in %s mode',
    async (mode) => {
      const auth = await openNodeOfTest({ url: stage.url(), auth: { mode } })
      const [person, guest] = [await newHolder(auth), await newGuest(auth)]
      for (const token of [person.access, person.refresh]) {
        for (const [method, path] of [
          ['GET', '/session/validate'],
          ['POST', '/session/refresh'],
          ['DELETE', '/session'],
          ['POST', '/session/upgrade'],
        ] as const) {
          const answer = await send(auth, method, path, token)
          expect([path, await codeOf(answer)]).toEqual([path, 'invalid_token'])
        }
      }
      expect(await codeOf(await post(auth, '/auth/refresh', { refresh_token: guest.token }))).toBe('invalid_token')
      expect(await standingOf(auth, person.access)).toBe('200')
      expect(await validityOf(auth, guest.token)).toBe('200')
    },
  )

  it('does not begin with anything that the caller brings', async () => {
    const auth = await stage.open()
    const known = await newGuest(auth)
    const person = await newcomer(auth)
    const brought = [
      { headers: bearer(known.token) },
      { headers: { cookie: `session_id=${known.token}; refresh_token=${person.refresh_token}` } },
      {
        json: {
          session_id: known.session_id,
          player_uuid: known.player_uuid,
          username: known.username,
          roles: ['admin'],
        },
      },
    ]
    for (const { headers = {}, json } of brought) {
      const answer = await post(auth, '/session', json ?? {}, headers)
      const body = await jsonOf(answer)
      expect(answer.status).toBe(201)
      expect([known.session_id, person.session.id]).not.toContain(body['session_id'])
      expect([known.player_uuid, person.user_id]).not.toContain(body['player_uuid'])
      expect(body['username']).not.toBe(known.username)
      const me = await jsonOf(await get(auth, '/auth/me', String(body['token'])))
      expect(me).toMatchObject({ roles: [], permissions: [], is_guest: true, email: null })
    }
  })

  it('belongs to its tenant, and so does the account that comes of it', async () => {
    const auth = await stage.open()
    const tenant = await newTenant(stage)
    const guest = await newGuest(auth, { 'x-tenant-id': tenant })
    const here = await newGuest(auth)
    expect(await validityOf(auth, guest.token, { 'x-tenant-id': tenant })).toBe('200')
    expect(await validityOf(auth, here.token, { 'x-tenant-id': tenant })).toBe('forbidden')
    for (const path of ['/auth/me', '/auth/verify']) {
      expect((await get(auth, path, here.token, { 'x-tenant-id': tenant })).status).toBe(403)
    }
    expect(await auth.api.guests.findByUsername({ username: guest.username })).toBeNull()
    expect(await auth.api.guests.findByUsername({ username: guest.username, tenantId: tenant })).toMatchObject({
      playerUuid: guest.player_uuid,
      tenantId: tenant,
    })
    // The address has an account in another tenant.
    const { email } = await newcomer(auth)
    const account = await upgraded(await upgrade(auth, guest.token, email))
    expect(account.user).toMatchObject({ tenant_id: tenant, roles: ['editor'], email })
    expect(await codeOf(await upgrade(auth, here.token, email))).toBe('email_taken')
    const nowhere = await auth.request('/session', {
      method: 'POST',
      headers: { 'x-tenant-id': '019b0000-0000-7000-8000-00000000ffff' },
    })
    expect(await codeOf(nowhere)).toBe('invalid_request')
  })

  it('in a cookie is written to by the site alone, and with the CSRF token', async () => {
    const auth = await stage.open()
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect(await codeOf(await post(auth, '/session', { transport: 'cookie' }, evil))).toBe('csrf_rejected')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await auth.request('/session', { method: 'POST', headers: form, body: 'transport=cookie' })).status).toBe(
      415,
    )

    const browser = new Browser(auth)
    const created = await browser.send('POST', '/session', { json: { transport: 'cookie' } })
    expect([created.status, Object.keys(await jsonOf(created)).sort()]).toEqual([
      201,
      ['expires_at', 'player_uuid', 'session_id', 'username'],
    ])
    const json = { email: newEmail(), password: PASSWORD }
    for (const [method, path] of [
      ['POST', '/session/refresh'],
      ['DELETE', '/session'],
      ['POST', '/session/upgrade'],
    ] as const) {
      const body = path.endsWith('upgrade') ? { json } : {}
      expect(await codeOf(await browser.send(method, path, body))).toBe('csrf_rejected')
      const stolen = { ...(await browser.csrf()), ...evil }
      expect(await codeOf(await browser.send(method, path, { ...body, headers: stolen }))).toBe('csrf_rejected')
    }
    const before = browser.value('session_id')
    const refreshed = await browser.send('POST', '/session/refresh', { headers: await browser.csrf() })
    expect([refreshed.status, (await jsonOf(refreshed))['token']]).toEqual([200, undefined])
    expect(browser.value('session_id')).not.toBe(before)
    const headers = await browser.csrf()
    expect((await browser.send('POST', '/session/upgrade', { json, headers })).status).toBe(200)
    // The account travels as the guest did, and the guest's CSRF token is worth nothing to it.
    expect(browser.value('session_id')).toMatch(/^sps_/)
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
    expect(await codeOf(await browser.send('DELETE', '/auth/sessions', { headers }))).toBe('csrf_rejected')
    expect(await validityOf(auth, before ?? '')).toBe('session_revoked')
  })

  it('in a cookie takes the place of what another sign-in left, and is cleared at its end', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)
    const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    await browser.send('POST', '/auth/register', { json })
    await browser.send('POST', '/session', { json: { transport: 'cookie' } })
    expect((await jsonOf(await browser.send('GET', '/auth/me')))['is_guest']).toBe(true)
    // Nobody falls back into the account by a refresh.
    expect(browser.value('refresh_token')).toBeUndefined()
    expect((await browser.send('DELETE', '/session', { headers: await browser.csrf() })).status).toBe(204)
    expect([...browser.cookies.keys()]).toEqual([])
    await browser.send('POST', '/session', { json: { transport: 'cookie' } })
    const account = { email: newEmail(), password: PASSWORD, transport: 'bearer' }
    const answer = await browser.send('POST', '/session/upgrade', { json: account, headers: await browser.csrf() })
    expect((await jsonOf(answer))['access_token']).toMatch(/^sps_/)
    expect([...browser.cookies.keys()]).toEqual([])
  })

  it.each(['none', 'revocations', 'always'] as const)(
    'is asked of memory for as long as that may answer, and never skipped, with session_check %s',
    async (sessionCheck) => {
      const auth = await openNodeOfTest({ url: stage.url(), auth: { mode: 'stateless', jwt: { sessionCheck } } })
      const [guest, left] = [await newGuest(auth), await newGuest(auth)]
      expect((await send(auth, 'POST', '/auth/logout', left.token)).status).toBe(204)
      expect(await validityOf(auth, guest.token)).toBe('200')
      const db = await stage.db()
      const back = [await hideTable(db, 'sessions'), await hideTable(db, 'changes'), await hideTable(db, 'settings')]
      try {
        for (let request = 0; request < 5; request++) expect(await validityOf(auth, guest.token)).toBe('200')
        expect(await validityOf(auth, left.token)).toBe('session_revoked')
        auth.clock.advance(MINUTE)
        // Nothing has been heard for too long: a guest is not waved through, whatever accounts are.
        for (const path of ['/session/validate', '/auth/verify']) {
          expect((await get(auth, path, guest.token)).status).toBeGreaterThanOrEqual(500)
        }
      } finally {
        for (const bringBack of back.reverse()) await bringBack()
      }
      auth.clock.advance(2 * SECOND)
      expect(await validityOf(auth, guest.token)).toBe('200')
    },
  )
})

/** A tenant made by hand, whose people become editors. */
async function newTenant(stage: Stage): Promise<string> {
  const id = uuidv7(Date.now())
  const db = await stage.db()
  await db
    .insertInto('tenants')
    .values({ id, slug: id, name: 'Another', default_role: 'editor', created_at: 0 })
    .execute()
  return id
}
