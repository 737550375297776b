import { expect, it } from 'vitest'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { ManualClock } from '../../src/runtime/clock.js'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf } from './audit-trail.js'
import { Browser, readCookies } from './browser.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { newGuest, validationShape, validityOf } from './guest-world.js'
import { type NodeOptions, openNodeOfTest } from './nodes.js'
import { get, newcomer, newEmail, PASSWORD, send } from './people.js'

describeEachAuth('A guest’s token near its end', (stage) => {
  const node = (options: NodeOptions = {}) => openNodeOfTest({ url: stage.url(), ...options })
  const tokenIn = (answer: Response) => [answer.status, answer.headers.get('x-session-token')] as const

  it.each(['/session/validate', '/auth/sessions', '/auth/verify', '/users/me'])(
    'is issued anew by %s, in a header where it came in one, and not before',
    async (path) => {
      const auth = await stage.open()
      const guest = await newGuest(auth)
      auth.clock.advance(7 * DAY - HOUR)
      expect(tokenIn(await get(auth, path, guest.token))).toEqual([200, null])
      auth.clock.advance(1)
      const answer = await get(auth, path, guest.token)
      const [status, token] = tokenIn(answer)
      expect(status).toBe(200)
      const expiresAt = answer.headers.get('x-session-expires-at')
      expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(auth.clock.now() + 7 * DAY - SECOND)
      expect(answer.headers.getSetCookie()).toEqual([])
      // The end of the old token does not move, and the new one goes on from there.
      expect(await validityOf(auth, guest.token)).toBe('200')
      auth.clock.advance(HOUR)
      expect(await validityOf(auth, guest.token)).toBe('token_expired')
      const validated = validationShape.parse(await (await get(auth, '/session/validate', token ?? '')).json())
      expect(validated).toMatchObject({ session_id: guest.session_id, username: guest.username, expires_at: expiresAt })
      expect(await auth.api.guests.findById(guest.player_uuid)).not.toBeNull()
    },
  )

  it('is the same for everybody who asks, on every node, and costs one change of the session', async () => {
    const clock = new ManualClock()
    const nodes = [await node({ clock }), await node({ clock, auth: { mode: 'stateless' } })] as const
    const guest = await newGuest(nodes[0])
    clock.advance(7 * DAY - 30 * MINUTE)
    const ask = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const answer = await get(nodes[index % 2 === 0 ? 0 : 1], '/session/validate', guest.token)
          return tokenIn(answer)[1]
        }),
      )
    const tokens = await ask(12)
    clock.advance(15 * MINUTE)
    tokens.push(...(await ask(4)))
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).toMatch(/^ey/)
    const events = await eventsOf(await stage.db(), { sessionId: guest.session_id })
    expect(events.filter(({ type }) => type === 'session.refreshed')).toHaveLength(1)
  })

  it('comes back as the cookie where it came as one, by route and door', async () => {
    const auth = await stage.open()
    const browser = new Browser(auth)
    expect((await browser.send('POST', '/session', { json: { transport: 'cookie' } })).status).toBe(201)
    for (const path of ['/auth/sessions', '/session/validate']) {
      const before = browser.value('session_id')
      auth.clock.advance(7 * DAY - HOUR)
      expect(readCookies(await browser.send('GET', path))).toEqual([])
      auth.clock.advance(MINUTE)
      const answer = await browser.send('GET', path)
      expect([answer.status, answer.headers.get('x-session-token')]).toEqual([200, null])
      expect(readCookies(answer)).toMatchObject([
        { name: 'session_id', path: '/', attributes: ['httponly', `max-age=${7 * 86_400}`, 'samesite=lax', 'secure'] },
      ])
      expect(browser.value('session_id')).not.toBe(before)
    }
    auth.clock.advance(7 * DAY - 1)
    expect((await browser.send('GET', '/session/validate')).status).toBe(200)
  })

  it('follows the threshold, at most half of its life', async () => {
    const remaining = async (auth: TestAuth, wait: number) => {
      const guest = await newGuest(auth)
      auth.clock.advance(wait)
      return tokenIn(await get(auth, '/session/validate', guest.token))[1] !== null
    }
    const short = await stage.open({ config: { auth: { guests: { ttl: '1h' } } } })
    expect([await remaining(short, 30 * MINUTE), await remaining(short, 31 * MINUTE)]).toEqual([false, true])
    const never = await stage.open({ config: { auth: { session: { refreshThreshold: 0 } } } })
    expect(await remaining(never, 7 * DAY - SECOND)).toBe(false)
  })

  it('ends early by a shorter life that is configured since, and is issued anew before that', async () => {
    const clock = new ManualClock()
    const before = await node({ clock })
    const [idle, used] = [await newGuest(before), await newGuest(before)]
    await before.close()
    const after = await node({ clock, auth: { guests: { ttl: '1d' } } })
    clock.advance(DAY - HOUR + MINUTE)
    const [status, token] = tokenIn(await get(after, '/session/validate', used.token))
    expect(status).toBe(200)
    clock.advance(HOUR)
    expect(await validityOf(after, idle.token)).toBe('token_expired')
    expect(await validityOf(after, token ?? '')).toBe('200')
  })

  it('is not missed by a request that ends the session, and nobody is alarmed', async () => {
    const logger = new CapturedLogs()
    const auth = await node({ logger })
    for (const path of ['/session', '/auth/sessions']) {
      const leaving = await newGuest(auth)
      auth.clock.advance(7 * DAY - MINUTE)
      expect((await send(auth, 'DELETE', path, leaving.token)).status).toBeLessThan(300)
    }
    expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('is not issued past the absolute end, after the session’s own, or to somebody with an account', async () => {
    const auth = await stage.open({ config: { auth: { guests: { ttl: '2h', absoluteTtl: '3h' } } } })
    const guest = await newGuest(auth)
    auth.clock.advance(90 * MINUTE)
    const [, next] = tokenIn(await get(auth, '/session/validate', guest.token))
    auth.clock.advance(90 * MINUTE - SECOND)
    expect(tokenIn(await get(auth, '/session/validate', next ?? ''))).toEqual([200, null])
    auth.clock.advance(SECOND)
    expect(await validityOf(auth, next ?? '')).toBe('token_expired')

    const leaving = await newGuest(auth)
    auth.clock.advance(90 * MINUTE)
    expect(tokenIn(await send(auth, 'DELETE', '/session', leaving.token))).toEqual([204, null])
    const { access_token } = await newcomer(auth, { email: newEmail(), password: PASSWORD })
    auth.clock.advance(23 * HOUR)
    expect(tokenIn(await get(auth, '/auth/sessions', access_token))).toEqual([200, null])
  })
})
