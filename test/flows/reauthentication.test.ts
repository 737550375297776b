import { expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../src/runtime/clock.js'
import { eventsOf } from './audit-trail.js'
import type { Browser } from './browser.js'
import { MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type NodeOptions, openNodeOfTest } from './nodes.js'
import { codeOf, get, meShape, newcomer, PASSWORD, post, refresh, send } from './people.js'
import { holderOf, newBrowser, newHolder } from './token-holders.js'

const VARIANTS = [
  { mode: 'stateful', sessionCheck: 'revocations' },
  { mode: 'stateless', sessionCheck: 'none' },
  { mode: 'stateless', sessionCheck: 'revocations' },
] as const

const again = (password: string = PASSWORD) => ({ password })

// ASVS 6.3.1, 7.5.1
describeEachAuth('Authenticating again', (stage) => {
  it.each(VARIANTS)('renews the time of the authentication on every node ($mode, $sessionCheck)', async (variant) => {
    const { mode, sessionCheck } = variant
    const clock = new ManualClock()
    const open = (options: NodeOptions = {}) =>
      openNodeOfTest({ url: stage.url(), clock, ...options, auth: { mode, jwt: { sessionCheck } } })
    const [one, two] = [await open(), await open()]
    const holder = await newHolder(one)
    const before = await authTimeOf(one, holder.access)
    expect(await authTimeOf(two, holder.access)).toBe(before)
    clock.advance(12 * MINUTE)

    const answer = await send(one, 'POST', '/auth/reauthenticate', holder.access, again())
    const me = meShape.parse(await answer.json())
    expect([answer.status, Date.parse(me.auth_time) - before]).toEqual([200, 12 * MINUTE])
    expect(await authTimeOf(one, holder.access)).toBe(Date.parse(me.auth_time))
    await two.sync()
    expect(await authTimeOf(two, holder.access)).toBe(Date.parse(me.auth_time))
    // A later pair of the same session says so too.
    const next = await holderOf(await refresh(one, holder.refresh))
    expect(await authTimeOf(two, next.access)).toBe(Date.parse(me.auth_time))
  })

  it('is of one session, and of no other of the same user', async () => {
    const auth = await stage.open()
    const { email, access_token: first } = await newcomer(auth)
    const second = await holderOf(await post(auth, '/auth/login', { email, password: PASSWORD }))
    const before = await authTimeOf(auth, second.access)
    auth.clock.advance(MINUTE)
    expect((await send(auth, 'POST', '/auth/reauthenticate', first, again())).status).toBe(200)
    expect(await authTimeOf(auth, second.access)).toBe(before)
  })

  it('by cookie needs the CSRF token, and then is the same', async () => {
    const auth = await stage.open()
    const browser: Browser = await newBrowser(auth)
    const bare = await browser.send('POST', '/auth/reauthenticate', { json: again() })
    expect(await codeOf(bare)).toBe('csrf_rejected')
    const headers = await browser.csrf()
    expect((await browser.send('POST', '/auth/reauthenticate', { json: again(), headers })).status).toBe(200)
  })

  it('with a wrong password renews nothing, counts as a guess, and is told in the audit log', async () => {
    const auth = await stage.open()
    const { email, user_id, access_token } = await newcomer(auth)
    const before = await authTimeOf(auth, access_token)
    auth.clock.advance(MINUTE)
    const guess = (password: string) => send(auth, 'POST', '/auth/reauthenticate', access_token, again(password))
    expect(await codeOf(await guess('wrong'))).toBe('invalid_credentials')
    expect((await guess(PASSWORD)).status).toBe(200)
    for (let count = 0; count < 4; count++) expect(await codeOf(await guess('wrong'))).toBe('invalid_credentials')
    // Shared with every other way in.
    expect(await codeOf(await post(auth, '/auth/login', { email, password: 'wrong' }))).toBe('invalid_credentials')
    expect((await guess(PASSWORD)).status).toBe(423)
    expect((await post(auth, '/auth/login', { email, password: PASSWORD })).status).toBe(423)
    expect(await authTimeOf(auth, access_token)).toBe(before + MINUTE)
    const events = await eventsOf(await stage.db(), { userId: user_id })
    const told = events.filter(({ type }) => type.startsWith('reauthentication.')).map(({ type }) => type)
    expect(told).toEqual([...Array(5).fill('reauthentication.failed'), 'reauthentication.succeeded'])
  })

  it('is not for guests, nor for a session that was ended, nor for a disabled account', async () => {
    const auth = await stage.open()
    const came = await auth.request('/session', { method: 'POST' })
    const { token } = z.looseObject({ token: z.string() }).parse(await came.json())
    expect(await codeOf(await send(auth, 'POST', '/auth/reauthenticate', token, again()))).toBe('forbidden')

    const { user_id, access_token } = await newcomer(auth)
    await auth.api.users.disable(user_id)
    expect(await codeOf(await send(auth, 'POST', '/auth/reauthenticate', access_token, again()))).toBe(
      'session_revoked',
    )
    expect((await get(auth, '/auth/me', access_token)).status).toBe(401)
  })

  it('is a call of the library', async () => {
    const auth = await stage.open()
    const { access_token } = await newcomer(auth)
    const identity = await auth.api.verify({ accessToken: access_token })
    auth.clock.advance(MINUTE)
    const renewed = await auth.api.reauthenticate(identity, again())
    expect(renewed.authTime - identity.authTime).toBe(MINUTE)
    await expect(auth.api.reauthenticate(identity, again('wrong'))).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
  })
})

async function authTimeOf(auth: Parameters<typeof get>[0], access: string): Promise<number> {
  return Date.parse(meShape.parse(await (await get(auth, '/auth/me', access)).json()).auth_time)
}
