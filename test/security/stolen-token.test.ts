import { afterAll, describe, expect, it } from 'vitest'
import { eventsOf, trailOf } from '../flows/audit-trail.js'
import { Browser } from '../flows/browser.js'
import { SECOND } from '../flows/durations.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { type BareNode, openNode } from '../flows/nodes.js'
import { bearer, codeOf, newEmail, PASSWORD, post } from '../flows/people.js'
import { holderOf } from '../flows/token-holders.js'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const OWNER = { 'x-forwarded-for': '203.0.113.7', 'user-agent': FIREFOX }
const THIEF = { 'x-forwarded-for': '198.51.100.9', 'user-agent': FIREFOX }

const VARIANTS = [
  { mode: 'stateful', sessionCheck: 'revocations' },
  { mode: 'stateless', sessionCheck: 'none' },
  { mode: 'stateless', sessionCheck: 'revocations' },
  { mode: 'stateless', sessionCheck: 'always' },
] as const

describeEachAuth('A stolen token from another network', (stage) => {
  describe.each(VARIANTS)('$mode, session_check $sessionCheck', ({ mode, sessionCheck }) => {
    const nodes: BareNode[] = []
    const open = async (binding: 'network' | 'user_agent') => {
      const server = { trustProxy: ['127.0.0.1'] }
      const auth = { mode, session: { binding }, jwt: { sessionCheck } }
      const node = await openNode({ url: stage.url(), server, auth })
      nodes.push(node)
      return node
    }
    const network = async () => nodes[0] ?? (await open('network'))
    afterAll(async () => {
      await Promise.all(nodes.map((node) => node.close()))
    })
    const register = async (auth: BareNode) => {
      const given = { email: newEmail(), password: PASSWORD }
      return holderOf(await post(auth, '/auth/register', given, OWNER), 201)
    }

    it('opens no door, and the owner goes on', async () => {
      const auth = await network()
      const { access, refresh, userId } = await register(auth)
      const doors = ['/auth/me', '/users/me', '/auth/sessions', '/auth/csrf', '/auth/verify', '/api/auth/verify']
      for (const path of doors) {
        const refused = await auth.request(path, { headers: { ...THIEF, ...bearer(access) } })
        expect([path, refused.status, await codeOf(refused)]).toEqual([path, 401, 'reauthentication_required'])
        // RFC 9470 §3.
        expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"')
        expect((await auth.request(path, { headers: { ...OWNER, ...bearer(access) } })).status).toBe(200)
      }
      for (const path of ['/auth/sessions', '/auth/sessions?except=current', `/auth/sessions/${userId}`]) {
        const refused = await auth.request(path, { method: 'DELETE', headers: { ...THIEF, ...bearer(access) } })
        expect(await codeOf(refused)).toBe('reauthentication_required')
      }
      const stolen = await post(auth, '/auth/refresh', { refresh_token: refresh }, THIEF)
      expect(await codeOf(stolen)).toBe('reauthentication_required')
      // It was not spent by that.
      expect((await post(auth, '/auth/refresh', { refresh_token: refresh }, OWNER)).status).toBe(200)
      expect(await trailOf(await stage.db(), { userId })).not.toContain('session.revoked')
    })

    it('does not get the current pair for one that was just spent, and ends the family by one spent long ago', async () => {
      const auth = await network()
      const { refresh } = await register(auth)
      const next = await holderOf(await post(auth, '/auth/refresh', { refresh_token: refresh }, OWNER))
      auth.clock.advance(5 * SECOND)
      const early = await post(auth, '/auth/refresh', { refresh_token: refresh }, THIEF)
      expect(await codeOf(early)).toBe('reauthentication_required')
      // The legal twin: a lost answer, asked for again.
      const twin = await holderOf(await post(auth, '/auth/refresh', { refresh_token: refresh }, OWNER))
      expect(twin.refresh).toBe(next.refresh)
      // Copied from where it was spent: the family is known to be in other hands (RFC 9700 §4.14.2).
      auth.clock.advance(5 * SECOND)
      expect(await codeOf(await post(auth, '/auth/refresh', { refresh_token: refresh }, THIEF))).toBe('token_reused')
      const after = await post(auth, '/auth/refresh', { refresh_token: next.refresh }, OWNER)
      expect(await codeOf(after)).toBe('session_revoked')
    })

    it('is no better as a cookie, and cannot claim another address through a proxy that is not ours', async () => {
      const auth = await network()
      const browser = new Browser(auth)
      const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
      await browser.send('POST', '/auth/register', { json, headers: OWNER })
      const verify = (headers: Record<string, string>) => browser.send('GET', '/auth/verify', { headers })
      expect((await verify(OWNER)).status).toBe(200)
      expect((await verify(THIEF)).status).toBe(401)
      expect((await browser.send('POST', '/auth/refresh', { headers: THIEF })).status).toBe(401)
      // What stands to the left of our own proxy's word is the thief's.
      const spoofed = { ...THIEF, 'x-forwarded-for': `203.0.113.7, ${THIEF['x-forwarded-for']}` }
      expect((await verify(spoofed)).status).toBe(401)
      expect((await verify(OWNER)).status).toBe(200)
    })

    it('replayed without end writes a row a minute', async () => {
      const auth = await network()
      const { access, refresh, userId } = await register(auth)
      for (let round = 0; round < 20; round++) {
        await auth.request('/auth/verify', { headers: { ...THIEF, ...bearer(access) } })
        await post(auth, '/auth/refresh', { refresh_token: refresh }, THIEF)
      }
      const events = await eventsOf(await stage.db(), { userId })
      expect(events.filter(({ type }) => type === 'session.mismatched')).toHaveLength(1)
    })

    it('may still be signed out, by whoever holds it: the way to safety is never barred', async () => {
      const auth = await network()
      const { access } = await register(auth)
      const logout = { method: 'POST', headers: { ...THIEF, ...bearer(access) } }
      expect((await auth.request('/auth/logout', logout)).status).toBe(204)
      const refused = await auth.request('/auth/me', { headers: { ...OWNER, ...bearer(access) } })
      expect(await codeOf(refused)).toBe('session_revoked')
    })

    it('with user_agent: another program is refused, a copied header is not, which is all that it promises', async () => {
      const auth = await open('user_agent')
      const { access } = await register(auth)
      const verify = (headers: Record<string, string>) =>
        auth.request('/auth/verify', { headers: { ...headers, ...bearer(access) } })
      for (const agent of ['curl/8.5.0', 'Firefox', 'Mozilla/5.0', 'x'.repeat(2000)]) {
        expect(await codeOf(await verify({ ...OWNER, 'user-agent': agent }))).toBe('reauthentication_required')
      }
      expect((await verify(THIEF)).status).toBe(200)
      expect((await verify(OWNER)).status).toBe(200)
    })
  })
})
