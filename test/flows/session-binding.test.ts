import { describe, expect, it } from 'vitest'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { partsOf } from '../security/forged-token.js'
import { eventsOf } from './audit-trail.js'
import { MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, newEmail, PASSWORD, post } from './people.js'
import { hideTable } from './refusing-database.js'
import { holderOf } from './token-holders.js'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const HOME = { 'x-forwarded-for': '203.0.113.7', 'user-agent': FIREFOX }
const NEXT_DOOR = { ...HOME, 'x-forwarded-for': '203.0.113.250' }
const ELSEWHERE = { ...HOME, 'x-forwarded-for': '198.51.100.9' }

type Binding = 'none' | 'user_agent' | 'network'

describeEachAuth('What a session is bound to', (stage) => {
  const open = (binding: Binding, { auth, ...options }: NodeOptions = {}) =>
    openNodeOfTest({
      url: stage.url(),
      server: { trustProxy: ['127.0.0.1'] },
      ...options,
      auth: { ...auth, session: { binding } },
    })
  const register = async (auth: BareNode, from: Record<string, string> = HOME) => {
    const email = newEmail()
    return { email, ...(await holderOf(await post(auth, '/auth/register', { email, password: PASSWORD }, from), 201)) }
  }
  const mismatches = async (userId: string) =>
    (await eventsOf(await stage.db(), { userId })).filter(({ type }) => type === 'session.mismatched')

  describe.each([{ mode: 'stateful' }, { mode: 'stateless' }] as const)('$mode', ({ mode }) => {
    it('network: honours a session within the /24 or /48 that it was opened from', async () => {
      const auth = await open('network', { auth: { mode } })
      for (const [opened, used, isHonoured] of [
        ['203.0.113.7', '203.0.113.250', true],
        ['203.0.113.7', '::ffff:203.0.113.8', true],
        ['203.0.113.7', '203.0.112.7', false],
        ['203.0.113.7', '2001:db8:1:2::7', false],
        ['2001:db8:1:2::7', '2001:db8:1:ffff::1', true],
        ['2001:db8:1:2::7', '2001:db8:2:2::7', false],
      ] as const) {
        const { access } = await register(auth, { 'x-forwarded-for': opened })
        const standing = await verified(auth, access, { 'x-forwarded-for': used })
        expect([opened, used, standing]).toEqual([opened, used, isHonoured ? '200' : 'reauthentication_required'])
      }
    })

    it('user_agent: honours a session in the browser and on the system that it was opened with', async () => {
      const auth = await open('user_agent', { auth: { mode } })
      const { access } = await register(auth)
      for (const [what, agent, isHonoured] of [
        ['an update of the browser', FIREFOX.replaceAll('140', '152'), true],
        ['an update of the system', FIREFOX.replace('10.0', '11.0'), true],
        ['another browser', `${FIREFOX.split(' Gecko')[0]} AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36`, false],
        ['another system', FIREFOX.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64'), false],
        ['a program', 'curl/8.5.0', false],
      ] as const) {
        // From wherever: only the agent counts.
        const standing = await verified(auth, access, { ...ELSEWHERE, 'user-agent': agent })
        expect([what, standing]).toEqual([what, isHonoured ? '200' : 'reauthentication_required'])
      }
      expect(await verified(auth, access, {})).toBe('reauthentication_required')
    })

    it('none: honours a session from anywhere', async () => {
      const auth = await open('none', { auth: { mode } })
      const { access, userId } = await register(auth)
      expect(await verified(auth, access, { 'user-agent': 'curl/8.5.0' })).toBe('200')
      expect(await mismatches(userId)).toEqual([])
    })

    it('counts once it is switched on, for what was issued before as well', async () => {
      const before = await open('none', { auth: { mode } })
      const { access, refresh } = await register(before)
      const other = await open('user_agent', { auth: { mode } })
      const auth = await open('network', { auth: { mode } })
      for (const node of [auth, other]) expect(await verified(node, access, HOME)).toBe('200')
      expect(await verified(other, access, ELSEWHERE)).toBe('200')
      expect(await verified(auth, access, ELSEWHERE)).toBe('reauthentication_required')
      expect(await verified(auth, access, NEXT_DOOR)).toBe('200')
      // And the other way round: what was issued under one binding is judged by the present one.
      const next = await holderOf(await post(auth, '/auth/refresh', { refresh_token: refresh }, HOME))
      expect(await verified(other, next.access, ELSEWHERE)).toBe('200')
      expect(await verified(other, next.access, { 'user-agent': 'curl/8.5.0' })).toBe('reauthentication_required')
    })

    it('binds a session to nothing of which nothing was known when it was opened', async () => {
      const auth = await open('network', { auth: { mode } })
      const { accessToken } = await auth.api.register({ email: newEmail(), password: PASSWORD })
      for (const from of [HOME, ELSEWHERE]) expect(await verified(auth, accessToken, from)).toBe('200')
    })

    it('asks the library for the address, and takes no session without', async () => {
      const auth = await open('network', { auth: { mode } })
      const { access, userId } = await register(auth)
      const headers = new Headers({ ...bearer(access), ...HOME })
      expect(await auth.authenticate(headers)).toBeNull()
      expect(await auth.authenticate(headers, { remoteAddress: '127.0.0.1' })).toMatchObject({ userId })
      // Only one's own proxy is believed.
      expect(await auth.authenticate(headers, { remoteAddress: '198.51.100.9' })).toBeNull()
      const context = { ipAddress: '203.0.113.8' }
      expect(await auth.api.verify({ accessToken: access }, context)).toMatchObject({ userId })
      await expect(auth.api.verify({ accessToken: access })).rejects.toMatchObject({
        code: 'reauthentication_required',
      })
    })

    it('records mismatches once a minute for each session, with where they came from', async () => {
      const auth = await open('network', { auth: { mode } })
      const { access, userId } = await register(auth)
      for (let round = 1; round <= 2; round++) {
        await Promise.all(Array.from({ length: 20 }, () => verified(auth, access, ELSEWHERE)))
        const events = await mismatches(userId)
        expect(events).toHaveLength(round)
        expect(events[0]).toMatchObject({ actor_id: null, ip_address: '198.51.100.9', data: '{"binding":"network"}' })
        auth.clock.advance(MINUTE)
      }
    })
  })

  it('shows nothing of it in a JWT, and nothing that two sessions have in common', async () => {
    const auth = await open('network', { auth: { mode: 'stateless' } })
    const claims = [await register(auth), await register(auth)].map(({ access }) => partsOf(access).claims)
    for (const { bnd } of claims) expect(bnd).toMatch(/^network:[\w-]{22}$/)
    expect(claims[0]?.['bnd']).not.toBe(claims[1]?.['bnd'])
    expect(JSON.stringify(claims)).not.toContain('203.0')
    const unbound = await open('none', { auth: { mode: 'stateless' } })
    expect(partsOf((await register(unbound)).access).claims).not.toHaveProperty('bnd')
  })

  it.each(['none', 'revocations'] as const)(
    'stateless, session_check %s: no store is touched, not even to refuse',
    async (sessionCheck) => {
      const logger = new CapturedLogs()
      const auth = await open('network', { auth: { mode: 'stateless', jwt: { sessionCheck } }, logger })
      const { access } = await register(auth)
      const db = await stage.db()
      const back = [await hideTable(db, 'sessions'), await hideTable(db, 'audit_events')]
      try {
        for (const from of [HOME, NEXT_DOOR]) expect(await verified(auth, access, from)).toBe('200')
        expect(await verified(auth, access, ELSEWHERE)).toBe('reauthentication_required')
        expect(JSON.stringify(logger.lines)).toContain('could not be recorded')
        auth.clock.advance(SECOND)
        expect(await verified(auth, access, HOME)).toBe('200')
      } finally {
        for (const bringBack of back.reverse()) await bringBack()
      }
    },
  )
})

async function verified(auth: BareNode, access: string, from: Record<string, string>): Promise<string> {
  const answer = await auth.request('/auth/verify', { headers: { ...from, ...bearer(access) } })
  return answer.status === 200 ? '200' : codeOf(answer)
}
