import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/config.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { type PostgresServer, startPostgres } from '../databases/start-postgres.js'
import { startTcpProxy, type TcpProxy } from '../databases/tcp-proxy.js'
import { queryOn } from '../databases/test-database.js'
import { HOUR, SECOND } from '../flows/durations.js'
import { type BareNode, openNodeOfTest } from '../flows/nodes.js'
import { bearer, codeOf, newEmail, PASSWORD } from '../flows/people.js'
import { until } from './until.js'

/** With this `max_staleness` the poll comes every half an hour: whatever a node hears, it heard by notification. */
const HINTS_ALONE = '1h'
const MODES = ['stateful', 'stateless'] as const
type Mode = (typeof MODES)[number]

let server: PostgresServer
let proxy: TcpProxy
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.dispose())
afterEach(() => proxy.close())

/** Two nodes on one PostgreSQL: B's feed (`hints`) or all its connections (`everything`) go through the proxy. */
async function twoNodes(mode: Mode, maxStaleness: string, proxied: 'hints' | 'everything') {
  proxy = await startTcpProxy({ host: '127.0.0.1', port: server.port })
  const clock = new ManualClock()
  const direct = server.url()
  const through = new URL(direct)
  through.port = String(proxy.port)
  const auth: ConfigInput['auth'] = { mode, revocation: { maxStaleness }, jwt: { accessTokenTtl: '2h' } }
  const a = await openNodeOfTest({ url: direct, auth, clock, judged: false })
  const b = await openNodeOfTest({
    url: proxied === 'everything' ? through.href : direct,
    directUrl: through.href,
    auth,
    clock,
    judged: false,
  })
  return { a, b, clock }
}

async function signUp(node: BareNode): Promise<string> {
  const { accessToken } = await node.api.register({ email: newEmail(), password: PASSWORD })
  return accessToken
}

/** `200`, or the code of the refusal. */
async function verified(node: BareNode, token: string): Promise<string> {
  const answer = await node.request('/auth/verify', { headers: bearer(token) })
  return answer.status === 200 ? '200' : codeOf(answer)
}

async function ready(node: BareNode): Promise<number> {
  return (await node.request('/health/ready')).status
}

const refused = (node: BareNode, token: string) =>
  until(async () => (await verified(node, token)) === 'session_revoked')

async function listeners(): Promise<number[]> {
  const { rows } = await queryOn(
    server.url(),
    `select pid from pg_stat_activity where application_name = 'sallyport listen' and query <> ''`,
  )
  return rows.map(({ pid }) => Number(pid))
}

describe.each(MODES)('notifications between two nodes, %s', (mode) => {
  it('carry an end, so that the other node refuses what its memory held', async () => {
    const { a, b } = await twoNodes(mode, HINTS_ALONE, 'hints')
    await until(async () => (await listeners()).length === 2)
    const [left, stays] = [await signUp(a), await signUp(a)]
    for (const token of [left, stays]) expect(await verified(b, token)).toBe('200')
    await a.api.logout({ accessToken: left })
    expect(await verified(a, left)).toBe('session_revoked')
    await refused(b, left)
    expect(await verified(b, stays)).toBe('200')
  })

  it('are listened for again when the server has ended the connection', async () => {
    const { a, b } = await twoNodes(mode, HINTS_ALONE, 'hints')
    await until(async () => (await listeners()).length === 2)
    const before = await listeners()
    const token = await signUp(a)
    expect(await verified(b, token)).toBe('200')
    await queryOn(server.url(), 'select pg_terminate_backend(pid) from unnest($1::int[]) pid', [before])
    await until(async () => {
      const now = await listeners()
      return now.length === 2 && now.every((pid) => !before.includes(pid))
    })
    await a.api.logout({ accessToken: token })
    await refused(b, token)
  })

  it('that were missed while nobody listened are made up for when the connection is back', async () => {
    const { a, b } = await twoNodes(mode, HINTS_ALONE, 'hints')
    await until(async () => (await listeners()).length === 2)
    const token = await signUp(a)
    expect(await verified(b, token)).toBe('200')
    proxy.watch(() => 'cut')
    proxy.cutAll()
    await until(async () => (await listeners()).length === 1)
    await a.api.logout({ accessToken: token })
    // Deaf indeed: neither hint nor poll can have come.
    expect(await verified(b, token)).toBe('200')
    proxy.watch(() => 'pass')
    await refused(b, token)
  })

  it('that a half-open link swallows are made up for: it is found dead and made anew', async () => {
    const { a, b } = await twoNodes(mode, HINTS_ALONE, 'hints')
    await until(async () => (await listeners()).length === 2)
    const token = await signUp(a)
    expect(await verified(b, token)).toBe('200')
    proxy.silence(true)
    await a.api.logout({ accessToken: token })
    const { connections } = proxy
    await until(async () => proxy.connections > connections)
    expect(await verified(b, token)).toBe('200')
    proxy.silence(false)
    await refused(b, token)
  }, 90_000)

  it('that never come leave the poll, with no request needed', async () => {
    const { a, b } = await twoNodes(mode, '2s', 'hints')
    const token = await signUp(a)
    expect(await verified(b, token)).toBe('200')
    proxy.silence(true)
    await a.api.logout({ accessToken: token })
    await refused(b, token)
  })

  it('that never come leave max_staleness, whatever the timers do', async () => {
    const { a, b, clock } = await twoNodes(mode, HINTS_ALONE, 'hints')
    const [left, stays] = [await signUp(a), await signUp(a)]
    for (const token of [left, stays]) expect(await verified(b, token)).toBe('200')
    proxy.silence(true)
    await a.api.logout({ accessToken: left })
    clock.advance(HOUR + 1)
    expect(await verified(b, left)).toBe('session_revoked')
    expect(await verified(b, stays)).toBe('200')
  })
})

describe('a node that is cut off from the database', () => {
  it('stateful: honours memory for max_staleness at most, then answers unavailable, and catches up by itself', async () => {
    const { a, b, clock } = await twoNodes('stateful', '2s', 'everything')
    const [left, stays] = [await signUp(a), await signUp(a)]
    for (const token of [left, stays]) expect(await verified(b, token)).toBe('200')
    proxy.watch(() => 'cut')
    proxy.cutAll()
    await a.api.logout({ accessToken: left })
    clock.advance(2 * SECOND + 1)
    for (const token of [left, stays]) expect(await verified(b, token)).toBe('unavailable')
    expect(await verified(a, stays)).toBe('200')
    expect(await ready(b)).toBe(503)
    proxy.watch(() => 'pass')
    await until(async () => (await verified(b, stays)) === '200')
    expect(await verified(b, left)).toBe('session_revoked')
    clock.advance(SECOND)
    expect(await ready(b)).toBe(200)
  })

  it('stateless: goes on with what it knows, says so, and catches up by itself', async () => {
    const { a, b, clock } = await twoNodes('stateless', '2s', 'everything')
    const [before, left, stays] = [await signUp(a), await signUp(a), await signUp(a)]
    await a.api.logout({ accessToken: before })
    await refused(b, before)
    proxy.watch(() => 'cut')
    proxy.cutAll()
    await a.api.logout({ accessToken: left })
    clock.advance(2 * SECOND + 1)
    expect(await verified(b, stays)).toBe('200')
    expect(await verified(b, left)).toBe('200')
    expect(await verified(b, before)).toBe('session_revoked')
    expect(await ready(b)).toBe(503)
    proxy.watch(() => 'pass')
    await refused(b, left)
    expect(await verified(b, stays)).toBe('200')
    clock.advance(SECOND)
    expect(await ready(b)).toBe(200)
  })
})

describe.each(MODES)('PostgreSQL killed under both nodes and started again, %s', (mode) => {
  it('acknowledges no end meanwhile, and afterwards every node hears again without a restart', async () => {
    const { a, b, clock } = await twoNodes(mode, '2s', 'hints')
    const token = await signUp(a)
    expect(await verified(b, token)).toBe('200')
    await server.kill()
    clock.advance(2 * SECOND + 1)
    expect(await verified(b, token)).toBe(mode === 'stateful' ? 'unavailable' : '200')
    await expect(a.api.logout({ accessToken: token })).rejects.toMatchObject({ code: 'unavailable' })
    expect(await ready(b)).toBe(503)
    await server.restart()
    await until(async () => (await verified(a, token)) === '200' && (await verified(b, token)) === '200')
    await until(async () => (await listeners()).length === 2)
    await a.api.logout({ accessToken: token })
    await refused(b, token)
  }, 60_000)
})

it('a server that took over with fewer transactions than were read is read from the start, not from the old mark', async () => {
  const { a, b } = await twoNodes('stateless', '2s', 'everything')
  const { accessToken: token, sessionId } = await a.api.register({ email: newEmail(), password: PASSWORD })
  expect(await verified(b, token)).toBe('200')
  await server.kill()
  await server.restart()
  // What a successor does that lost the last transactions: it gives their numbers to other changes.
  await queryOn(
    server.url(),
    `insert into changes (xid, kind, tenant_id, subject, created_at)
     select 3, 'session', tenant_id, id, created_at from sessions where id = $1`,
    [sessionId],
  )
  await until(async () => (await verified(b, token)) === 'session_revoked')
}, 60_000)
