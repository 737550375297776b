import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../src/runtime/clock.js'
import { eventsOf } from './audit-trail.js'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, get, newEmail, PASSWORD, post, refresh, send } from './people.js'
import { type Holder, holderOf } from './token-holders.js'

const AGENTS = {
  firefox: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  firefoxLater: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0',
  safari:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  chrome:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0',
} as const
type Agent = keyof typeof AGENTS

const VARIANTS = [
  { mode: 'stateful', sessionCheck: 'revocations' },
  { mode: 'stateless', sessionCheck: 'none' },
  { mode: 'stateless', sessionCheck: 'revocations' },
  { mode: 'stateless', sessionCheck: 'always' },
] as const

const listShape = z.object({
  sessions: z.array(
    z.object({ id: z.string(), current: z.boolean(), device: z.string(), ip_address: z.string().nullable() }).loose(),
  ),
})

interface Device extends Pick<Holder, 'access' | 'refresh'> {
  readonly id: string
}

describeEachAuth('The devices of a user', (stage) => {
  describe.each(VARIANTS)('$mode, session_check $sessionCheck', ({ mode, sessionCheck }) => {
    const open = ({ notices = {}, ...options }: NodeOptions & { notices?: { newDevice?: boolean } } = {}) =>
      openNodeOfTest({
        url: stage.url(),
        server: { trustProxy: ['127.0.0.1'] },
        ...options,
        auth: { mode, jwt: { sessionCheck }, notices },
      })

    it('are listed with browser, system, address, way of signing in and last use, newest first', async () => {
      const auth = await open()
      const { email, first } = await newUser(auth, 'firefox')
      auth.clock.advance(HOUR)
      const phone = await signIn(auth, email, 'safari', '2001:db8::7')
      auth.clock.advance(MINUTE)
      expect((await get(auth, '/auth/verify', first.access)).status).toBe(mode === 'stateful' ? 200 : 401)

      const list = await listOf(auth, phone.access)
      const common = { auth_methods: ['password'], user_agent: expect.any(String) }
      expect(list).toMatchObject([
        { id: phone.id, current: true, device: 'Safari on iOS', ip_address: '2001:db8::7', ...common },
        { id: first.id, current: false, device: 'Firefox on Windows', ip_address: '203.0.113.7', ...common },
      ])
      const times = { created_at: '2026-01-01T00:00:00.000Z' }
      const used = mode === 'stateful' ? '2026-01-01T01:01:00.000Z' : '2026-01-01T00:00:00.000Z'
      expect(list[1]).toMatchObject({ ...times, last_activity: used })
    })

    it('that are new are told to the owner by mail, but not the first; unless that is switched off', async () => {
      const auth = await open()
      const { email } = await newUser(auth, 'firefox')
      await signIn(auth, email, 'firefoxLater')
      const notices = async () => (await auth.mail.sent()).filter(({ to, token }) => to === email && token === null)
      expect(await notices()).toEqual([])
      await signIn(auth, email, 'safari')
      await signIn(auth, email, 'safari')
      const told = await notices()
      expect(told).toHaveLength(1)
      expect(told[0]?.text).toContain('Safari')
      const quiet = await open({ notices: { newDevice: false } })
      await signIn(quiet, email, 'edge')
      expect((await quiet.mail.sent()).filter(({ to }) => to === email)).toEqual([])
    })

    it('are ended one by one, all but this one, and all, on every node', async () => {
      const clock = new ManualClock()
      const [one, two] = [await open({ clock }), await open({ clock })]
      const { email, first } = await newUser(one, 'firefox')
      const others: Device[] = []
      for (const agent of ['safari', 'chrome', 'edge'] as const) others.push(await signIn(one, email, agent))
      const [phone, mac, work] = others
      if (phone === undefined || mac === undefined || work === undefined) throw new Error('a device is missing')
      const stranger = await newUser(one, 'firefox')

      expect((await send(one, 'DELETE', `/auth/sessions/${phone.id}`, first.access)).status).toBe(204)
      await two.sync()
      await expectEnded([one, two], [phone])
      await expectLive([one, two], [first, mac, work])
      // Of somebody else there is nothing to see, nor to end.
      const foreign = await send(two, 'DELETE', `/auth/sessions/${mac.id}`, stranger.first.access)
      expect(await codeOf(foreign)).toBe('not_found')

      const rest = await send(two, 'DELETE', '/auth/sessions?except=current', mac.access)
      expect(await rest.json()).toEqual({ revoked: 2 })
      await one.sync()
      await expectEnded([one, two], [phone, first, work])
      await expectLive([one, two], [mac])
      expect((await listOf(one, mac.access)).map(({ id }) => id)).toEqual([mac.id])

      const all = await send(one, 'DELETE', '/auth/sessions', mac.access)
      expect(await all.json()).toEqual({ revoked: 1 })
      await two.sync()
      await expectEnded([one, two], [mac])
      await expectLive([one, two], [stranger.first])
    })

    async function expectEnded(nodes: readonly BareNode[], devices: readonly Device[]): Promise<void> {
      for (const node of nodes) {
        for (const { access, refresh: token } of devices) {
          // A JWT that nobody looks up runs to its end; its refresh token does not.
          const verified = await get(node, '/auth/verify', access)
          if (sessionCheck === 'none') expect(verified.status).toBe(200)
          else expect(await codeOf(verified)).toBe('session_revoked')
          // Whatever is checked of a token, the devices are neither shown to it nor ended by it.
          for (const path of ['/auth/me', '/auth/sessions']) {
            expect(await codeOf(await get(node, path, access))).toBe('session_revoked')
          }
          expect(await codeOf(await send(node, 'DELETE', '/auth/sessions', access))).toBe('session_revoked')
          expect(await codeOf(await refresh(node, token))).toBe('session_revoked')
        }
      }
    }
  })

  describe('one that is new', () => {
    const open = () => openNodeOfTest({ url: stage.url(), server: { trustProxy: ['127.0.0.1'] } })
    const added = async (userId: string) =>
      (await eventsOf(await stage.db(), { userId })).filter(({ type }) => type === 'device.added')

    it('is told in the audit log once, with where it signed in from; the one that registered is not', async () => {
      const auth = await open()
      const { email, userId } = await newUser(auth, 'firefox')
      for (const agent of ['firefox', 'firefoxLater'] as const) await signIn(auth, email, agent, '198.51.100.9')
      expect(await added(userId)).toEqual([])
      const phone = await signIn(auth, email, 'safari', '198.51.100.9')
      for (const agent of ['safari', 'firefox'] as const) await signIn(auth, email, agent)
      const { safari } = AGENTS
      expect(await added(userId)).toMatchObject([
        { actor_id: userId, session_id: phone.id, ip_address: '198.51.100.9', user_agent: safari, data: '{}' },
      ])
    })

    it('stays known after its sessions have gone', async () => {
      const auth = await open()
      const { email, userId } = await newUser(auth, 'firefox')
      await signIn(auth, email, 'safari')
      auth.clock.advance(60 * DAY)
      await auth.cleanUp()
      await signIn(auth, email, 'safari')
      expect(await added(userId)).toHaveLength(1)
    })

    it('is told once where it signs in several times at once, on two nodes', async () => {
      const nodes = [await open(), await open()]
      const [one] = nodes
      if (one === undefined) throw new Error('there is no node')
      const { email, userId } = await newUser(one, 'firefox')
      await Promise.all(Array.from({ length: 16 }, (_, index) => signIn(nodes[index % 2] ?? one, email, 'edge')))
      expect(await added(userId)).toHaveLength(1)
    })

    it('is not told to an account that has never signed in, nor after a password that was wrong', async () => {
      const auth = await open()
      const email = newEmail()
      const { id } = await auth.api.users.create({ email, password: PASSWORD })
      await post(auth, '/auth/login', { email, password: 'wrong horse battery' }, { 'user-agent': AGENTS.edge })
      await signIn(auth, email, 'firefox')
      expect(await added(id)).toEqual([])
      await signIn(auth, email, 'edge')
      expect(await added(id)).toHaveLength(1)
    })

    it('takes the place of the one unused for longest, where somebody has very many', async () => {
      const auth = await open()
      const { email, userId } = await newUser(auth, 'firefox')
      const db = await stage.db()
      const rows = () => db.selectFrom('known_devices').selectAll().where('user_id', '=', userId).execute()
      const [row] = await rows()
      if (row === undefined) throw new Error('the device is not there')
      const tools = Array.from({ length: 49 }, (_, index) => ({ ...row, device: `tool-${index}` }))
      await db
        .insertInto('known_devices')
        .values(tools.map((tool) => ({ ...tool, last_seen_at: row.last_seen_at + 1 })))
        .execute()
      await signIn(auth, email, 'edge')
      const names = (await rows()).map(({ device }) => device)
      expect(names).toHaveLength(50)
      expect(names).toContain('Microsoft Edge on Windows')
      expect(names).not.toContain('Firefox on Windows')
    })
  })
})

async function newUser(auth: BareNode, agent: Agent) {
  const email = newEmail()
  const headers = { 'user-agent': AGENTS[agent], 'x-forwarded-for': '203.0.113.7' }
  const answer = await post(auth, '/auth/register', { email, password: PASSWORD }, headers)
  const { userId, ...tokens } = await holderOf(answer, 201)
  return { email, userId, first: await deviceOf(auth, tokens) }
}

async function signIn(auth: BareNode, email: string, agent: Agent, address = '203.0.113.7'): Promise<Device> {
  const headers = { 'user-agent': AGENTS[agent], 'x-forwarded-for': address }
  return deviceOf(auth, await holderOf(await post(auth, '/auth/login', { email, password: PASSWORD }, headers)))
}

async function deviceOf(auth: BareNode, tokens: Pick<Holder, 'access' | 'refresh'>): Promise<Device> {
  const answer = await get(auth, '/auth/verify', tokens.access)
  return { id: answer.headers.get('x-auth-session-id') ?? '', access: tokens.access, refresh: tokens.refresh }
}

async function listOf(auth: BareNode, token: string) {
  const answer = await auth.request('/auth/sessions', { headers: bearer(token) })
  expect(answer.status).toBe(200)
  return listShape.parse(await answer.json()).sessions
}

async function expectLive(nodes: readonly BareNode[], devices: readonly Device[]): Promise<void> {
  for (const node of nodes) {
    for (const { access } of devices) expect((await get(node, '/auth/me', access)).status).toBe(200)
  }
}
