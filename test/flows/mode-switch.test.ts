import { expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../src/runtime/clock.js'
import { partsOf } from '../security/forged-token.js'
import { Browser, readCookies } from './browser.js'
import { DAY, HOUR, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, get, refresh, send, standingOf } from './people.js'
import { holderOf, holderSignIn, newBrowser, newHolder } from './token-holders.js'

type Mode = 'stateful' | 'stateless'

const DIRECTIONS = [
  { from: 'stateful', to: 'stateless' },
  { from: 'stateless', to: 'stateful' },
] as const
const LOOKS = { stateful: /^sps_/, stateless: /^ey/ } as const
/** After this long a node asks the database what others have ended. */
const STALE = 2 * SECOND + 1

const sessionList = z.object({ sessions: z.array(z.looseObject({ id: z.string() })) })

describeEachAuth('A change of mode', (stage) => {
  const open = (mode: Mode, clock: ManualClock, auth: NodeOptions['auth'] = {}): Promise<BareNode> =>
    openNodeOfTest({ url: stage.url(), clock, auth: { mode, ...auth } })

  const pairOfNodes = async ({ from, to }: { readonly from: Mode; readonly to: Mode }, auth?: NodeOptions['auth']) => {
    const clock = new ManualClock()
    return { clock, old: await open(from, clock, auth), young: await open(to, clock, auth) }
  }

  it.each(DIRECTIONS)('from $from to $to: tokens of both are honoured by both', async (direction) => {
    const { old, young } = await pairOfNodes(direction)
    const [early, late] = [await newHolder(old), await newHolder(young)]
    expect(early.access).toMatch(LOOKS[direction.from])
    expect(late.access).toMatch(LOOKS[direction.to])
    for (const node of [old, young]) {
      for (const { access, userId } of [early, late]) {
        expect(await (await get(node, '/auth/me', access)).json()).toMatchObject({ id: userId })
        const verified = await get(node, '/auth/verify', access)
        expect(verified.headers.get('x-auth-user-id')).toBe(userId)
        const list = sessionList.parse(await (await get(node, '/auth/sessions', access)).json())
        expect(list.sessions).toHaveLength(1)
        // A bearer token is not converted but by a refresh.
        expect(verified.headers.getSetCookie()).toEqual([])
      }
    }
  })

  it.each(DIRECTIONS)('from $from to $to: a token ends when it would have ended', async (direction) => {
    const { clock, old, young } = await pairOfNodes(direction)
    const early = await newHolder(old)
    const life = direction.from === 'stateful' ? DAY + MINUTE : 15 * MINUTE
    clock.advance(life - 1)
    // Not used, or an opaque one would live on.
    const twin = await newHolder(old)
    expect(await standingOf(young, twin.access)).toBe('200')
    clock.advance(1)
    expect(await standingOf(young, early.access)).toBe('token_expired')
    expect(await standingOf(young, twin.access)).toBe('200')
  })

  it.each(DIRECTIONS)('from $from to $to and back: a refresh converts the pair', async (direction) => {
    const { clock, old, young } = await pairOfNodes(direction)
    const early = await newHolder(old)
    clock.advance(5 * MINUTE)
    const converted = await holderOf(await refresh(young, early.refresh))
    expect(converted.access).toMatch(LOOKS[direction.to])
    for (const node of [old, young]) expect(await standingOf(node, converted.access)).toBe('200')
    // The same pair for whoever asks once more within the grace, in the mode of the node that is asked.
    const again = await holderOf(await refresh(young, early.refresh))
    expect(again.refresh).toBe(converted.refresh)
    const elsewhere = await holderOf(await refresh(old, early.refresh))
    expect(elsewhere.access).toMatch(LOOKS[direction.from])
    expect(elsewhere.refresh).toBe(converted.refresh)

    clock.advance(MINUTE)
    const back = await holderOf(await refresh(old, converted.refresh))
    expect(back.access).toMatch(LOOKS[direction.from])
    expect(await standingOf(young, back.access)).toBe('200')
    clock.advance(MINUTE)
    expect(await codeOf(await refresh(young, converted.refresh))).toBe('token_reused')
    clock.advance(STALE)
    for (const node of [old, young]) expect(await standingOf(node, back.access)).toBe('session_revoked')
  })

  it.each(DIRECTIONS)(
    'from $from to $to: a refresh token that outlives its access token still converts',
    async (direction) => {
      const { clock, old, young } = await pairOfNodes(direction)
      const early = await newHolder(old)
      clock.advance(6 * DAY)
      expect(await standingOf(young, early.access)).toBe('token_expired')
      const converted = await holderOf(await refresh(young, early.refresh))
      expect(await standingOf(young, converted.access)).toBe('200')
    },
  )

  it.each(DIRECTIONS)('from $from to $to: a browser with cookies alone is converted on the way', async (direction) => {
    const { clock, old, young } = await pairOfNodes(direction)
    const browser = await moved(await newBrowser(old), young)
    clock.advance(5 * MINUTE)
    const life = (direction.from === 'stateful' ? 30 * 86_400 : 7 * 86_400) - 300

    const answer = await browser.send('GET', '/auth/me')
    expect(answer.status).toBe(200)
    expect(readCookies(answer)).toEqual([
      {
        name: 'session_id',
        value: expect.stringMatching(LOOKS[direction.to]),
        path: '/',
        attributes: ['httponly', `max-age=${life}`, 'samesite=lax', 'secure'],
      },
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const again = await browser.send('GET', '/auth/me')
    expect([again.status, again.headers.getSetCookie()]).toEqual([200, []])
    expect((await browser.send('GET', '/auth/verify')).status).toBe(200)
    // Nothing else has changed: it writes, refreshes and leaves as before.
    const headers = await browser.csrf()
    expect((await browser.send('PATCH', '/auth/me', { json: {}, headers })).status).toBe(200)
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
    expect((await browser.send('POST', '/auth/logout')).status).toBe(204)
  })

  it.each(DIRECTIONS)('from $from to $to: a write converts too, with the CSRF token of before', async (direction) => {
    const { old, young } = await pairOfNodes(direction)
    const before = await newBrowser(old)
    const headers = await before.csrf()
    const browser = await moved(before, young)
    const blocked = await browser.send('DELETE', '/auth/sessions?except=current')
    expect([await codeOf(blocked), blocked.headers.getSetCookie()]).toEqual(['csrf_rejected', []])
    const answer = await browser.send('DELETE', '/auth/sessions?except=current', { headers })
    expect(answer.status).toBe(200)
    expect(browser.value('session_id')).toMatch(LOOKS[direction.to])
    // What ends the session converts nothing.
    const fresh = await moved(await newBrowser(old), young)
    const ending = await fresh.send('POST', '/auth/logout')
    expect([ending.status, fresh.cookies.size]).toEqual([204, 0])
    const { access } = await newHolder(old)
    const cookie = `session_id=${access}`
    const csrf = z.object({ csrf_token: z.string() })
    const { csrf_token } = csrf.parse(await (await young.request('/auth/csrf', { headers: { cookie } })).json())
    const all = await young.request('/auth/sessions', {
      method: 'DELETE',
      headers: { cookie, 'x-csrf-token': csrf_token },
    })
    expect([all.status, all.headers.getSetCookie()]).toEqual([200, []])
  })

  it.each(DIRECTIONS)('from $from to $to: a cookie that ends with the browser stays one', async (direction) => {
    const { old, young } = await pairOfNodes(direction)
    const browser = await moved(await newBrowser(old, { remember: false }), young)
    const answer = await browser.send('GET', '/auth/me')
    expect(readCookies(answer).map(({ attributes }) => attributes)).toEqual([['httponly', 'samesite=lax', 'secure']])
    expect(browser.value('session_id')).toMatch(LOOKS[direction.to])
  })

  it('signs no browser out whose opaque token lives on while its refresh token has ended', async () => {
    const { clock, old, young } = await pairOfNodes({ from: 'stateful', to: 'stateless' })
    const before = await newBrowser(old, { remember: false })
    clock.advance(23 * HOUR)
    expect((await before.send('GET', '/auth/me')).status).toBe(200)
    await old.flush()
    clock.advance(2 * HOUR)
    // In use, so alive; the refresh token of a browser that is not remembered has ended an hour ago.
    expect((await before.send('GET', '/auth/me')).status).toBe(200)
    const browser = await moved(before, young)
    for (let request = 0; request < 3; request++) {
      expect((await browser.send('GET', '/auth/me')).status).toBe(200)
      clock.advance(MINUTE)
    }
  })

  it('ends such a session with all others of its user, and lists it', async () => {
    const { clock, old, young } = await pairOfNodes({ from: 'stateful', to: 'stateless' })
    const person = await newHolder(old)
    const brief = await holderSignIn(old, person.email, { remember: false })
    clock.advance(23 * HOUR)
    expect(await standingOf(old, brief.access)).toBe('200')
    await old.flush()
    clock.advance(2 * HOUR)
    expect(await standingOf(young, brief.access)).toBe('200')
    const other = await holderSignIn(young, person.email)
    const list = sessionList.parse(await (await get(young, '/auth/sessions', other.access)).json())
    expect(list.sessions).toHaveLength(3)
    const ended = await send(young, 'DELETE', '/auth/sessions?except=current', other.access)
    expect(await ended.json()).toEqual({ revoked: 2 })
    for (const node of [old, young]) expect(await standingOf(node, brief.access)).toBe('session_revoked')
  })

  it.each(DIRECTIONS)('from $from to $to: what is ended on one node is refused on the other', async (direction) => {
    const { clock, old, young } = await pairOfNodes(direction)
    for (const [here, there] of [
      [old, young],
      [young, old],
    ] as const) {
      const [left, off, stays] = [await newHolder(old), await newHolder(young), await newHolder(old)]
      const browser = await moved(await newBrowser(there), here)
      expect((await browser.send('GET', '/auth/me')).status).toBe(200)
      const converted = browser.value('session_id') ?? ''
      for (const node of [old, young]) {
        for (const token of [left.access, off.access, stays.access]) expect(await standingOf(node, token)).toBe('200')
      }
      expect((await send(here, 'POST', '/auth/logout', left.access)).status).toBe(204)
      await here.api.users.disable(off.userId)
      expect((await browser.send('POST', '/auth/logout')).status).toBe(204)
      clock.advance(STALE)
      for (const node of [here, there]) {
        for (const token of [left.access, off.access, converted]) {
          expect(await standingOf(node, token)).toBe('session_revoked')
        }
        for (const token of [left.refresh, off.refresh]) {
          expect(await codeOf(await refresh(node, token))).toBe('session_revoked')
        }
        expect(await standingOf(node, stays.access)).toBe('200')
      }
      // Nothing of it turns what was ended into something new.
      const revived = await there.request('/auth/me', { headers: { cookie: `session_id=${left.access}` } })
      expect([revived.status, revived.headers.getSetCookie()]).toEqual([401, []])
    }
  })

  it('accepts the other mode no longer where that is narrowed, and still converts at a refresh', async () => {
    const clock = new ManualClock()
    for (const { from, to } of DIRECTIONS) {
      const old = await open(from, clock)
      const strict = await open(to, clock, { accept: [to] })
      const early = await newHolder(old)
      expect(await standingOf(strict, early.access)).toBe('invalid_token')
      expect((await get(strict, '/auth/verify', early.access)).status).toBe(401)
      expect(await strict.authenticate(new Headers(bearer(early.access)))).toBeNull()
      const cookie = await strict.request('/auth/me', { headers: { cookie: `session_id=${early.access}` } })
      expect([cookie.status, cookie.headers.getSetCookie()]).toEqual([401, []])
      const converted = await holderOf(await refresh(strict, early.refresh))
      expect(await standingOf(strict, converted.access)).toBe('200')
      expect(await standingOf(old, converted.access)).toBe('200')
      // Its own mode is always honoured.
      const odd = await open(to, clock, { accept: [from] })
      expect(await standingOf(odd, converted.access)).toBe('200')
      expect(await standingOf(odd, (await newHolder(odd)).access)).toBe('200')
    }
  })

  it.each(DIRECTIONS)('from $from to $to, node by node: nobody is signed out', async (direction) => {
    const clock = new ManualClock()
    const nodes = [await open(direction.from, clock), await open(direction.from, clock)] as const
    const holders = await Promise.all(
      Array.from({ length: 10 }, (_, index) => newHolder(nodes[index % 2 === 0 ? 0 : 1])),
    )
    const browsers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => newBrowser(nodes[index % 2 === 0 ? 0 : 1])),
    )
    await nodes[0].close()
    const first = await open(direction.to, clock)
    const now = [first, nodes[1]] as const
    const afterwards = [first, await open(direction.to, clock)] as const
    let turn = 0
    for (const running of [now, now, afterwards, afterwards]) {
      for (const holder of holders) {
        const node = running[turn++ % 2 === 0 ? 0 : 1]
        expect(await standingOf(node, holder.access)).toBe('200')
      }
      for (const [index, browser] of browsers.entries()) {
        const there = await moved(browser, running[(turn + index) % 2 === 0 ? 0 : 1])
        browsers[index] = there
        expect((await there.send('GET', '/auth/me')).status).toBe(200)
        if (index % 3 === 0) expect((await there.send('POST', '/auth/refresh')).status).toBe(200)
      }
      for (const [index, holder] of holders.entries()) {
        if (index % 3 !== turn++ % 3) continue
        const next = await holderOf(await refresh(running[index % 2 === 0 ? 0 : 1], holder.refresh))
        holders[index] = { ...holder, ...next }
      }
      clock.advance(4 * MINUTE)
      // Each comes back before their token has ended, as a client does.
      for (const [index, holder] of holders.entries()) {
        const next = await holderOf(await refresh(running[turn++ % 2 === 0 ? 0 : 1], holder.refresh))
        holders[index] = { ...holder, ...next }
      }
    }
    for (const { access } of holders) {
      await afterwards[0].api.logout({ accessToken: access })
      expect(await standingOf(afterwards[0], access)).toBe('session_revoked')
    }
    clock.advance(STALE)
    for (const { access } of holders) expect(await standingOf(afterwards[1], access)).toBe('session_revoked')
  })

  it('names one session throughout', async () => {
    const { old, young } = await pairOfNodes({ from: 'stateful', to: 'stateless' })
    const early = await newHolder(old)
    const me = z.looseObject({ session_id: z.string() }).parse(await (await get(old, '/auth/me', early.access)).json())
    const converted = await holderOf(await refresh(young, early.refresh))
    expect(partsOf(converted.access).claims['sid']).toBe(me.session_id)
  })
})

/** The same browser, whose requests another node answers from now on. */
async function moved(browser: Browser, node: BareNode): Promise<Browser> {
  const there = new Browser(node)
  for (const [key, cookie] of browser.cookies) there.cookies.set(key, cookie)
  return there
}
