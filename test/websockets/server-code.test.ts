import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { authenticateConnections, type SocketConnection } from '../../src/adapters/ws.js'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { createTestAuth } from '../../src/testing/index.js'
import { newHolder } from '../flows/token-holders.js'
import { fakeConnection, identity, stall } from './fake-connection.js'
import { connect, refusalOf } from './socket-client.js'

const addressShape = z.object({ port: z.int() })

/** A server of the application's own whose code is called for each connection. */
async function serving(onConnection: (connection: SocketConnection) => unknown, options: object = {}) {
  const logger = new CapturedLogs()
  const auth = await createTestAuth({ logger, config: { websocket: { maxFrame: '1KiB' } } })
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  authenticateConnections(wss, auth, { onConnection })
  await new Promise((resolve) => wss.once('listening', resolve))
  onTestFinished(async () => {
    for (const socket of wss.clients) socket.terminate()
    wss.close()
    await auth.close()
  })
  const errors = () => logger.lines.filter(({ level }) => level === 'error')
  return { auth, errors, url: `ws://127.0.0.1:${addressShape.parse(wss.address()).port}`, ...(await newHolder(auth)) }
}

describe('Server code that fails when a connection is made', () => {
  const failures = {
    throws: () => {
      throw new Error('no such room')
    },
    rejects: async () => Promise.reject(new Error('no such room')),
  }

  it.each(['throws', 'rejects'] as const)('and %s costs that connection alone, and is logged', async (way) => {
    const { auth, errors, url, access } = await serving(failures[way])
    for (const headers of [{ authorization: `Bearer ${access}` }, undefined]) {
      const client = await connect(url, headers)
      if (headers === undefined) await client.authenticate(access)
      expect(await client.closed).toMatchObject({ code: 1013, reason: 'internal' })
      expect(auth.sockets.count()).toBe(0)
    }
    expect(errors().map(({ fields }) => fields)).toEqual([{ cause: 'no such room' }, { cause: 'no such room' }])
  })
})

it('Whoever `verifyClient` turns away after they authenticated keeps no place', async () => {
  const verdicts = [...Array(12).fill(false), true]
  const verifyClient = (_info: unknown, done: (isWelcome: boolean) => void) =>
    setImmediate(() => done(verdicts.shift()))
  const { auth, url, access } = await serving(() => undefined, { verifyClient })
  const headers = { authorization: `Bearer ${access}` }
  while (verdicts.length > 1) expect(await refusalOf(url, headers)).toContain('401')
  await (await connect(url, headers)).next('auth_success')
  expect(auth.sockets.count()).toBe(1)
})

it('The largest frame is that of the configuration, also where `ws` was told of no limit', async () => {
  const { url, access } = await serving(() => undefined, { maxPayload: 0 })
  const client = await connect(url)
  await client.authenticate(access)
  client.send({ type: 'chat', text: 'x'.repeat(2_000) })
  expect(await client.closed).toMatchObject({ code: 1009 })
})

describe('A connection', () => {
  const open = () => {
    const fake = fakeConnection()
    fake.connection.adopt({ identity: identity(), viaCookie: false, endsAt: 60_000 })
    return fake
  }

  it('stays open where server code closes it with what no closing frame can say', () => {
    const { connection, closes } = open()
    for (const code of [0, 200, 999, 1004, 1005, 1006, 1015, 2999, 5000, 4000.5, Number.NaN]) {
      expect(() => connection.close(code)).toThrow(RangeError)
    }
    expect(() => connection.close(4000, 'é'.repeat(62))).toThrow(RangeError)
    expect(connection.isOpen).toBe(true)
    connection.close(4000, 'x'.repeat(123))
    expect(closes).toEqual([4000])
  })

  it('sends JSON values and nothing else', () => {
    const { connection, heard } = open()
    expect(() => connection.send(undefined)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
    expect(connection.send(null)).toBe(true)
    expect(heard).toEqual([null])
  })

  it('keeps no more frames waiting than may wait to be sent, while the database does not answer', async () => {
    const { connection, closes } = open()
    const messages: unknown[] = []
    connection.onMessage((message) => messages.push(message))
    const frame = (length: number) => JSON.stringify({ type: 'chat', text: 'x'.repeat(length) })
    for (let turn = 0; turn < 3; turn++) {
      const answer = stall(connection)
      for (let sent = 0; sent < 9; sent++) connection.receiveText(frame(1_000))
      await answer()
    }
    expect(messages).toHaveLength(27)
    stall(connection)
    connection.receiveText(frame(20_000))
    expect(closes).toEqual([])
    connection.receiveText(frame(1))
    expect(closes).toEqual([4429])
  })
})
