import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connect, refusalOf } from './socket-client.js'
import { standalone } from './standalone.js'

const mask = Buffer.from([1, 2, 3, 4])

/** One frame by its bytes (RFC 6455 §5.2). */
function frame(first: number, payload: Buffer, { masked = true, length = payload.length } = {}): Buffer {
  const size = length < 126 ? [length] : [126, length >> 8, length & 255]
  const [head = 0, ...rest] = size
  const body = masked ? Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))) : payload
  return Buffer.concat([
    Buffer.from([first, head | (masked ? 0x80 : 0), ...rest]),
    masked ? mask : Buffer.alloc(0),
    body,
  ])
}

/** Sends raw bytes over an upgraded connection. @returns the code of the closing frame, or what came instead */
function rawClose(port: number, token: string, bytes: readonly Buffer[]): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16, 7).toString('base64'),
      authorization: `Bearer ${token}`,
    }
    const upgrade = request({ host: '127.0.0.1', port, path: '/ws', headers })
    upgrade.on('upgrade', (_response, socket, head) => {
      let seen = head
      socket.on('error', () => undefined)
      socket.on('data', (part: Buffer) => {
        seen = Buffer.concat([seen, part])
      })
      socket.on('close', () => resolve(closeCodeIn(seen)))
      for (const part of bytes) socket.write(part)
    })
    upgrade.on('error', reject)
    upgrade.end()
  })
}

/** Passes over the unmasked frames of a server. */
function closeCodeIn(bytes: Buffer): number | string {
  let at = 0
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] ?? 0) & 15
    const short = bytes[at + 1] ?? 0
    const [length, head] = short === 126 ? [bytes.readUInt16BE(at + 2), 4] : [short, 2]
    if (opcode === 8) return bytes.readUInt16BE(at + head)
    at += head + length
  }
  return 'no closing frame'
}

const TEXT = 0x81
const text = (value: string) => Buffer.from(value)

describe('Bytes that are no frames of the protocol', () => {
  it('close their connection as RFC 6455 says, and the server lives', async () => {
    const { port, accessToken, lives, enter } = await standalone()
    const beside = await enter()
    const large = Buffer.alloc(16 * 1024 + 1, 'x')
    const cases: readonly [string, readonly Buffer[], number][] = [
      ['unmasked', [frame(TEXT, text('{"type":"ping"}'), { masked: false })], 1002],
      ['reserved bits', [frame(TEXT | 0x40, text('{}'))], 1002],
      ['a reserved opcode', [frame(0x83, text('{}'))], 1002],
      ['a reserved control opcode', [frame(0x8b, text(''))], 1002],
      ['bad UTF-8', [frame(TEXT, Buffer.from([0x22, 0xc3, 0x28, 0x22]))], 1007],
      ['a ping of 126 bytes', [frame(0x89, Buffer.alloc(126))], 1002],
      ['a ping in fragments', [frame(0x09, text('a'))], 1002],
      ['a continuation of nothing', [frame(0x80, text('a'))], 1002],
      ['a close code that nobody may send', [frame(0x88, Buffer.from([0x03, 0xed]))], 1002],
      ['too large a frame', [frame(TEXT, large)], 1009],
      [
        'too large a frame in fragments',
        [frame(0x01, large.subarray(0, 9000)), frame(0x00, large.subarray(0, 9000))],
        1009,
      ],
      ['fragments that never end', [frame(0x01, text('')), ...Array(200).fill(frame(0x00, text('')))], 1008],
    ]
    for (const [what, bytes, code] of cases) expect(await rawClose(port, accessToken, bytes), what).toBe(code)
    await beside.heard()
    await lives()
  })

  it('do no harm where they break off', async () => {
    const { port, lives } = await standalone()
    const cut = [
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'GET /ws HTTP/1.1\r\nUpg',
    ]
    for (const bytes of cut) {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(bytes)
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.destroy()
    }
    await lives()
  })
})

// ASVS 2.2.1
describe('Frames that mean nothing', () => {
  const deep = `{"type":"chat","a":${'['.repeat(64)}${']'.repeat(64)}}`
  const frames = [
    'hello',
    '{',
    '{"type":"ping"',
    'null',
    '[]',
    '"ping"',
    '{}',
    '{"type":7}',
    '{"type":""}',
    '{"type":"nonsense"}',
    '{"type":"PING"}',
    '{"type":"ping","type":"authenticate"}',
    '{"type":"authenticate"}',
    '{"type":"authenticate","session_token":7}',
    '{"type":"authenticate","session_token":""}',
    '{"type":"reauthenticate","session_token":["x"]}',
    deep,
  ]
  it('close with 4400, and the server lives', async () => {
    const { enter, lives } = await standalone()
    for (const sent of frames) {
      const client = await enter()
      client.send(sent)
      expect(await client.closed, sent).toMatchObject({ code: 4400 })
      expect(client.frames).toEqual([])
    }
    await lives()
  })

  it('are told from frames that come too early, which count for nothing', async () => {
    const { url, accessToken } = await standalone()
    const [broken, binary, early] = [await connect(url), await connect(url), await connect(url)]
    broken.send('{')
    expect(await broken.closed).toMatchObject({ code: 4400 })
    binary.socket.send(Buffer.from('{"type":"ping"}'))
    expect(await binary.closed).toMatchObject({ code: 4400 })
    early.send({ type: 'nonsense' })
    await early.authenticate(accessToken)
  })
})

describe('Too much', () => {
  it('of frames closes with 4429: of text, of pings, of pongs, before and after authentication', async () => {
    const { enter, url, lives } = await standalone({ maxFramesPerSecond: 20 })
    const floods: readonly ((client: Awaited<ReturnType<typeof connect>>) => void)[] = [
      (client) => client.send({ type: 'ping' }),
      (client) => client.socket.ping(),
      (client) => client.socket.pong(),
    ]
    for (const flood of floods) {
      for (const client of [await enter(), await connect(url)]) {
        for (let sent = 0; sent < 200; sent++) flood(client)
        expect(await client.closed).toMatchObject({ code: 4429 })
      }
    }
    await lives()
  })

  it('time without authentication closes with 4408', async () => {
    const { url, round, enter } = await standalone({ authTimeout: '1s' })
    const [silent, chatting, known] = [await connect(url), await connect(url), await enter()]
    chatting.send({ type: 'chat' })
    for (let at = 0; at < 4; at++) await round()
    expect(await silent.closed).toMatchObject({ code: 4408 })
    expect(await chatting.closed).toMatchObject({ code: 4408 })
    await known.heard()
  })

  it('silence cuts off who does not even answer a ping, and nobody else', async () => {
    const { round, enter, auth } = await standalone({ pingInterval: '1s' })
    const [alive, dead] = [await enter(), await enter()]
    dead.socket.pause()
    for (let at = 0; at < 16 && auth.sockets.count() === 2; at++) {
      await round()
      await alive.heard()
    }
    expect(auth.sockets.count()).toBe(1)
    await alive.heard()
  })

  it('that waits for a slow reader cuts it off', async () => {
    const { enter, auth, accessToken } = await standalone({ maxBuffered: '64KiB' })
    const [reading, slow] = [await enter(), await enter()]
    slow.socket.pause()
    const { userId } = await auth.api.verify({ accessToken })
    for (let sent = 0; sent < 400 && auth.sockets.count() === 2; sent++) {
      await auth.sockets.send({ userId }, { type: 'note', text: 'x'.repeat(100_000) })
      await reading.next('note')
    }
    expect(auth.sockets.count()).toBe(1)
    await reading.heard()
  })
})

it('a server that stops says so with 1012, and takes nobody in', async () => {
  const { enter, drainSockets, url } = await standalone()
  const client = await enter()
  await drainSockets()
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await refusalOf(url)).toContain('503')
})
