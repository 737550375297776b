import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { newcomer, post, signIn } from '../flows/people.js'
import { connect, refusalOf, type SocketClient } from './socket-client.js'
import { serveSockets } from './socket-server.js'

const config = { websocket: { maxConnectionsPerUser: 3 } }

type Headers = Readonly<Record<string, string>>

async function attempt(url: string, token: string, headers: Headers = {}): Promise<SocketClient | number> {
  const client = await connect(url, headers)
  client.send({ type: 'authenticate', session_token: token })
  return Promise.race([client.next('auth_success').then(() => client), client.closed.then(({ code }) => code)])
}

async function close(client: SocketClient | number | undefined): Promise<void> {
  if (typeof client !== 'object') throw new Error(`not connected: ${client}`)
  client.socket.close()
  await client.closed
}

/** How it went once the places of those who left have been written. */
async function eventually(url: string, token: string, headers: Headers = {}): Promise<SocketClient> {
  for (;;) {
    const outcome = await attempt(url, token, headers)
    if (typeof outcome === 'object') return outcome
    await sleep(20)
  }
}

describeEachAuth('The connections of a user', (stage) => {
  it('are counted over all nodes, however many come at once', async () => {
    const [here, there] = [await stage.open({ config }), await stage.open({ config })]
    const [one, two] = [await serveSockets(here), await serveSockets(there)]
    const { access_token: token, email, password } = await newcomer(here)
    const { access_token: second } = await signIn(here, { email, password })
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, at) => attempt(at % 2 === 0 ? one.url : two.url, at % 3 === 0 ? token : second)),
    )
    const open = outcomes.filter((outcome) => typeof outcome === 'object')
    expect(outcomes.filter((outcome) => typeof outcome === 'number')).toEqual(Array(9).fill(4409))
    expect(here.sockets.count() + there.sockets.count()).toBe(3)
    // Somebody else has a count of their own; a token shown at the upgrade is counted like any other.
    const other = await newcomer(here)
    await eventually(one.url, other.access_token)
    const byHeader = await connect(two.url, { authorization: `Bearer ${token}` })
    expect(await byHeader.closed).toMatchObject({ code: 4409 })
    await close(open[0])
    await eventually(one.url, token)
    expect(await attempt(two.url, token)).toBe(4409)
  })

  it('do not count at a node that was killed, once its lease is over', async () => {
    const [here, killed] = [await stage.open({ config }), await stage.open({ config })]
    const { access_token: token } = await newcomer(here)
    const [one, two] = [await serveSockets(here), await serveSockets(killed)]
    for (let at = 0; at < 3; at++) await attempt(two.url, token)
    expect(await attempt(one.url, token)).toBe(4409)
    here.clock.advance(11_000)
    await here.sync()
    expect(await attempt(one.url, token)).toBeTypeOf('object')
    expect(await (await stage.db()).selectFrom('socket_places').selectAll().execute()).toHaveLength(2)
    here.clock.advance(3_600_000)
    await here.sync()
    await here.cleanUp()
    expect(await (await stage.db()).selectFrom('socket_nodes').selectAll().execute()).toHaveLength(0)
  })

  it('are given back by a node that stops', async () => {
    const here = await stage.open({ config })
    const { access_token: token } = await newcomer(here)
    const stopping = await stage.open({ config: { ...config, server: { publicUrl: 'http://localhost:3000' } } })
    const { url } = await serveSockets(stopping)
    const client = await attempt(url, token)
    const closing = stopping.close()
    expect(typeof client === 'object' && (await client.closed)).toMatchObject({ code: 1012 })
    await closing
    expect(await refusalOf(url)).toContain('503')
    expect(await (await stage.db()).selectFrom('socket_nodes').selectAll().execute()).toEqual([])
  })
})

describeEachAuth('The connections from an address', (stage) => {
  it('are counted over all nodes, whosever they are, and nobody counts for an address that is only claimed', async () => {
    const shared = { websocket: { maxConnectionsPerAddress: 3 }, server: { trustProxy: ['127.0.0.1'] } }
    const [here, there] = [await stage.open({ config: shared }), await stage.open({ config: shared })]
    const [one, two] = [await serveSockets(here), await serveSockets(there)]
    const people = await Promise.all([newcomer(here), newcomer(here), newcomer(here), newcomer(here)])
    const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.1, ${address}` })
    const outcomes: (SocketClient | number)[] = []
    for (const [at, { access_token }] of people.entries()) {
      outcomes.push(await attempt(at % 2 === 0 ? one.url : two.url, access_token, from(`2001:db8::${at}`)))
    }
    expect(outcomes.map((outcome) => typeof outcome)).toEqual(['object', 'object', 'object', 'number'])
    expect(outcomes[3]).toBe(4409)
    const token = people[3].access_token
    const byHeader = await connect(two.url, { authorization: `Bearer ${token}`, ...from('2001:db8::ffff') })
    expect(await byHeader.closed).toMatchObject({ code: 4409 })
    expect(await attempt(two.url, token, from('2001:db8:0:1::1'))).toBeTypeOf('object')
    await close(outcomes[0])
    await eventually(two.url, token, from('2001:db8::9'))
    const db = await stage.db()
    const rows = await db.selectFrom('socket_addresses').select(['address', 'count']).orderBy('address').execute()
    expect(rows.reduce((sum, { count }) => sum + Number(count), 0)).toBe(4)
    expect(new Set(rows.map(({ address }) => address))).toEqual(new Set(['2001:db8::/64', '2001:db8:0:1::/64']))
    await Promise.all([here.close(), there.close()])
    expect(await db.selectFrom('socket_addresses').selectAll().execute()).toEqual([])
  })
})

describeEachAuth('Connections beyond what a node holds', (stage) => {
  it('are refused before the upgrade: of one address, and of those who have not said who they are', async () => {
    const auth = await stage.open({ config: { websocket: { maxConnectionsPerAddress: 3, maxUnauthenticated: 6 } } })
    const { url } = await serveSockets(auth)
    const { access_token: token } = await newcomer(auth)
    const [first] = [await connect(url), await connect(url)]
    expect(await refusalOf(url)).toMatch(/429 .*rate_limited/)
    await first?.authenticate(token)
    const third = await connect(url)
    expect(await refusalOf(url)).toMatch(/429 .*rate_limited/)
    // HTTP goes on.
    expect((await post(auth, '/auth/logout', {})).status).toBe(204)
    await close(third)
    await (await connect(url)).authenticate((await newcomer(auth)).access_token)
  })
})

describeEachAuth('A message', (stage) => {
  it('reaches the connections of a user, a session or a tenant at every node, and nobody else', async () => {
    const [here, there] = [await stage.open({}), await stage.open({})]
    const [one, two] = [await serveSockets(here), await serveSockets(there)]
    const ada = await newcomer(here)
    const adaToo = await signIn(here, ada)
    const bob = await newcomer(here)
    const connected = async (url: string, token: string) => {
      const client = await connect(url)
      await client.authenticate(token)
      return client
    }
    const [a1, a2] = [await connected(one.url, ada.access_token), await connected(two.url, adaToo.access_token)]
    const b2 = await connected(two.url, bob.access_token)
    // Larger than a NOTIFY can carry.
    const text = 'x'.repeat(100_000)
    await here.sockets.send({ userId: ada.user_id }, { type: 'note', text, number: 1 })
    await here.sockets.send({ sessionId: adaToo.session.id }, { type: 'note', number: 2 })
    await here.sockets.send({ userId: ada.user_id, tenantId: '01890a5d-ac96-774b-bcce-b302099a8057' }, { type: 'note' })
    await here.sockets.send({ tenantId: ada.user.tenant_id }, { type: 'note', number: 3 })
    const numbers = async (client: SocketClient, count: number) => {
      const found: unknown[] = []
      for (let at = 0; at < count; at++) found.push((await client.next('note'))['number'])
      expect(await client.heard()).toEqual([])
      return found
    }
    expect(await numbers(a1, 2)).toEqual([1, 3])
    expect(await numbers(a2, 3)).toEqual([1, 2, 3])
    expect(await numbers(b2, 1)).toEqual([3])
    const rows = await (await stage.db()).selectFrom('socket_messages').select('seq').execute()
    expect(rows).toHaveLength(3)
    await here.sockets.send({ userId: 'nobody' }, { type: 'note' })
    expect(await (await stage.db()).selectFrom('socket_messages').select('seq').execute()).toHaveLength(3)
    here.clock.advance(3_600_000)
    await here.sync()
    await here.cleanUp()
    expect(await (await stage.db()).selectFrom('socket_messages').select('seq').execute()).toEqual([])
  })

  it('is for who was there when it was sent, and not for who comes to the node afterwards', async () => {
    const [here, there] = [await stage.open({}), await stage.open({})]
    const { url } = await serveSockets(there)
    const [ada, bob] = [await newcomer(here), await newcomer(here)]
    const first = await attempt(url, ada.access_token)
    await close(first)
    const to = { tenantId: ada.user.tenant_id }
    const story = async () => {
      await here.sockets.send(to, { type: 'note', number: 1 })
      const later = await attempt(url, bob.access_token)
      if (typeof later !== 'object') throw new Error(`not connected: ${later}`)
      await here.sockets.send(to, { type: 'note', number: 2 })
      expect(await later.next('note')).toMatchObject({ number: 2 })
      await close(later)
    }
    await story()
    if (stage.dialect === 'sqlite') return
    // A backup, say: while it runs, nodes read messages more than once.
    const db = await stage.db()
    await db.transaction().execute(async (tx) => {
      await sql`select pg_current_xact_id()`.execute(tx)
      await story()
    })
  })

  it('is refused where it is too large or no JSON', async () => {
    const auth = await stage.open()
    const send = (message: unknown) => auth.sockets.send({ userId: 'somebody' }, message)
    await expect(send('x'.repeat(300_000))).rejects.toMatchObject({ code: 'payload_too_large' })
    await expect(send(undefined)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
