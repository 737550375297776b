import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { pauseBefore } from '../../src/client/socket-pauses.js'
import type { ClientSocket, SocketEvent } from '../../src/client/socket-types.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { type SocketServer, serveSockets } from '../websockets/socket-server.js'
import { Device, endSessions, type TabOptions } from './device.js'

const MINUTE = 60_000
const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  await auth.api.register(account)
})
afterAll(() => auth.close())

/** What a socket tells, one after the other. */
function follow(socket: ClientSocket) {
  const events: SocketEvent[] = []
  let news = () => undefined as undefined
  socket.subscribe((event) => {
    events.push(event)
    news()
  })
  return async function next<Type extends SocketEvent['type']>(
    type: Type,
  ): Promise<Extract<SocketEvent, { type: Type }>> {
    for (;;) {
      const event = events.shift()
      if (event?.type === type && isOf(event, type)) return event
      if (event !== undefined) throw new Error(`${type} was expected: ${JSON.stringify(event)}`)
      await new Promise<void>((resolve) => {
        news = () => void resolve()
      })
    }
  }
}
function isOf<Type extends SocketEvent['type']>(
  event: SocketEvent,
  type: Type,
): event is Extract<SocketEvent, { type: Type }> {
  return event.type === type
}

async function connected(options: TabOptions = {}, server?: SocketServer) {
  const at = server ?? (await serveSockets(auth))
  const device = new Device(auth)
  const browser = device.browser
  const opened: WebSocket[] = []
  class OfPage extends WebSocket {
    constructor(url: string) {
      super(url, { headers: options.kind === 'cookie' ? { cookie: browser.cookieHeader('/'), origin: at.origin } : {} })
      opened.push(this)
    }
  }
  const tab = device.tab({ WebSocket: OfPage, origins: [at.origin], ...options })
  await tab.client.login(account)
  const socket = tab.client.connect(at.url)
  onTestFinished(() => socket.close())
  const next = follow(socket)
  await next('open')
  const hear = (code: number) => opened.at(-1)?.emit('close', code, Buffer.alloc(0))
  return { device, socket, next, server: at, hear, ...tab }
}

it.each(['memory', 'cookie'] as const)('is who is signed in, and carries frames both ways, with %s', async (kind) => {
  const { socket, next } = await connected({ kind })
  expect(socket.state).toBe('open')
  expect(socket.send({ type: 'say', text: 'hello' })).toBe(true)
  expect((await next('message')).frame).toMatchObject({ type: 'echo', message: { text: 'hello' } })
})

it('shows a fresh token in band whenever there is one, and stays open far beyond the first', async () => {
  const { device, socket, next, server } = await connected()
  for (let minute = 0; minute < 30; minute++) {
    await device.pass(MINUTE)
    await auth.round()
    socket.send({ type: 'say', minute })
    await next('message')
  }
  expect(server.connections).toHaveLength(1)
  expect(device.count('POST /auth/refresh')).toBeGreaterThan(1)
})

it('exchanges the tokens when it is told of their end', async () => {
  const { device, next, server, socket } = await connected({ autoRefresh: false })
  await device.pass(14.5 * MINUTE)
  await auth.round()
  await untilRefreshed(device)
  await device.pass(MINUTE)
  await auth.round()
  socket.send({ type: 'still' })
  await next('message')
  expect(server.connections).toHaveLength(1)
})

async function untilRefreshed(device: Device): Promise<void> {
  while (device.count('POST /auth/refresh') === 0) await new Promise((resolve) => setImmediate(resolve))
  await device.idle()
}

it('connects again after a restart, soon, and not all at once', async () => {
  const { device, next, server, socket, hear } = await connected()
  hear(1012)
  expect(await next('close')).toMatchObject({ code: 1012, final: false })
  expect([socket.state, socket.send({ type: 'lost' })]).toEqual(['waiting', false])
  await device.pass(1001)
  await next('open')
  expect(server.connections).toHaveLength(2)
})

it('has a program of Node go on until it is connected again, and no longer than its client', async () => {
  const { device, next, client, hear } = await connected()
  expect(device.awaited).toBe(0)
  hear(1012)
  await next('close')
  expect(device.awaited).toBe(1)
  client.close()
  expect(device.awaited).toBe(0)
})

it('comes at once when the network does, and not whenever something is stored', async () => {
  const { device, next, hear, emit, server } = await connected()
  device.random = () => 0.9
  hear(1006)
  await next('close')
  for (let i = 0; i < 10; i++) emit('storage')
  await device.pass(600)
  expect(server.connections).toHaveLength(1)
  emit('online')
  await device.pass(600)
  await next('open')
})

it('waits longer each time a connection does not hold, up to half a minute and at random', () => {
  expect([1, 2, 3, 4, 9].map((attempts) => pauseBefore(1006, attempts, 1))).toEqual([1000, 2000, 4000, 8000, 30_000])
  expect(pauseBefore(1006, 9, 0)).toBe(0)
  expect([pauseBefore(1012, 1, 1), pauseBefore(4429, 1, 0)]).toEqual([2000, 5000])
})

it.each([4400, 4403, 4409, 1008, 1000])('does not come again after %i', async (code) => {
  const { device, next, server, socket, client, hear } = await connected()
  hear(code)
  expect(await next('close')).toMatchObject({ code, final: true })
  await device.pass(10 * MINUTE)
  expect([server.connections.length, socket.state]).toEqual([1, 'closed'])
  // The server is asked, and says that the session goes on.
  expect(client.session.current().status).toBe('signed-in')
})

it('shows another token where the one it had was refused', async () => {
  const { device, next, server } = await connected({ autoRefresh: false })
  server.connections[0]?.close(4401)
  expect(await next('close')).toMatchObject({ code: 4401, final: false })
  await untilRefreshed(device)
  await device.pass(0)
  await next('open')
  expect(device.count('POST /auth/refresh')).toBe(1)
})

it('ends with the session, wherever that was ended, and its client with it', async () => {
  const { next, client, events } = await connected()
  await endSessions(auth, account)
  await auth.round()
  expect(await next('close')).toMatchObject({ final: true })
  await expect(client.call('me')).rejects.toMatchObject({ status: 401 })
  expect(client.session.current().status).toBe('signed-out')
  expect(events.filter(({ type }) => type === 'signed-out')).toHaveLength(1)
})

it('ends with the sign-out, and where somebody else signs in', async () => {
  const first = await connected()
  await first.client.logout()
  expect(await first.next('close')).toMatchObject({ final: true })
  const second = await connected()
  await second.client.guest()
  expect(await second.next('close')).toMatchObject({ final: true })
})

it('never becomes that of somebody whose cookies another tab has brought, unheard', async () => {
  const { device, next, hear } = await connected({ kind: 'cookie', channel: false })
  await device.tab({ kind: 'cookie', channel: false }).client.guest()
  hear(1012)
  await next('close')
  await device.pass(1001)
  expect(await next('close')).toMatchObject({ final: true })
})

it('ends with its client, which signs nobody out', async () => {
  const { client, next, socket } = await connected()
  client.close()
  expect(await next('close')).toMatchObject({ final: true })
  expect([socket.state, client.session.current().status]).toEqual(['closed', 'signed-in'])
})

it('is carried over when a guest becomes an account', async () => {
  const server = await serveSockets(auth)
  const device = new Device(auth)
  const { client } = device.tab({ WebSocket, origins: [server.origin] })
  await client.guest()
  const socket = client.connect(server.url)
  const next = follow(socket)
  const { holder } = await next('open')
  await client.upgrade({ email: 'guest@example.com', password: account.password })
  await auth.round()
  expect((await next('user-updated')).holder).toMatchObject({ user_id: holder.user_id, user: { is_guest: false } })
  socket.send({ type: 'still' })
  expect((await next('message')).frame.type).toBe('echo')
  expect(server.connections).toHaveLength(1)
})

it('hangs up on a server that has fallen silent', async () => {
  class Silent {
    readonly listeners = new Map<string, (event: { data: unknown; code: number; reason: string }) => void>()
    static sent: string[] = []
    constructor() {
      setImmediate(() => this.listeners.get('open')?.({ data: '', code: 0, reason: '' }))
    }
    addEventListener(type: string, listener: (event: { data: unknown; code: number; reason: string }) => void): void {
      this.listeners.set(type, listener)
    }
    send(text: string): void {
      Silent.sent.push(text)
    }
    close(): void {}
  }
  const device = new Device(auth)
  const { client } = device.tab({ WebSocket: Silent })
  await client.login(account)
  const next = follow(client.connect())
  await device.pass(61_000)
  expect(await next('close')).toMatchObject({ code: 1006, final: false })
})

it('goes to no origin that is not allowed, and needs somebody to be signed in', async () => {
  const { client } = new Device(auth).tab({ WebSocket })
  for (const url of ['wss://evil.example/ws', '//evil.example/ws', 'http://localhost:3001/ws']) {
    expect(() => client.connect(url)).toThrow(TypeError)
  }
  expect(await follow(client.connect())('close')).toMatchObject({ code: 4401, final: true })
})

it('an address that no socket takes ends it, and says why', async () => {
  const device = new Device(auth)
  const { client } = device.tab({ WebSocket })
  await client.login(account)
  const next = follow(client.connect('/ws#part'))
  expect(await next('close')).toMatchObject({ code: 1006, final: true, reason: expect.stringContaining('fragment') })
})
