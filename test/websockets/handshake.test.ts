import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { sendRaw } from '../http/raw-socket.js'
import { connect, refusalOf } from './socket-client.js'
import { standalone } from './standalone.js'

describe('The upgrade', () => {
  const ask = (port: number, path: string, headers: Record<string, string>, method = 'GET') =>
    new Promise<number>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers: { connection: 'Upgrade', ...headers } })
      asked.on('response', (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
      asked.on('upgrade', (_answer, socket) => {
        socket.destroy()
        resolve(101)
      })
      asked.on('error', reject)
      asked.end()
    })
  const key = { 'sec-websocket-version': '13', 'sec-websocket-key': Buffer.alloc(16).toString('base64') }

  it('is for GET /ws alone; every other request is answered as if it had not asked', async () => {
    const { port, url, lives } = await standalone()
    const websocket = { upgrade: 'websocket', ...key }
    expect(await ask(port, '/ws', websocket)).toBe(101)
    expect(await ask(port, '/ws?x=1', websocket)).toBe(101)
    expect(await ask(port, '/ws', websocket, 'POST')).toBe(405)
    expect(await ask(port, '/ws', { upgrade: 'h2c', ...key })).toBe(426)
    for (const path of ['/other', '/ws/', '//ws', '/ws/../ws', '/WS', '/%77s', '/ws%00', '/auth/ws']) {
      expect(await ask(port, path, websocket), path).toBe(404)
    }
    expect(await ask(port, '/health/live', { upgrade: 'h2c' })).toBe(200)
    expect(await ask(port, '/auth/login', { upgrade: 'h2c' }, 'POST')).toBe(400)
    expect(await refusalOf(url.replace('/ws', '/auth/me'))).toContain('401')
    await lives()
  })

  it('is refused as any request is where it is none by RFC 6455', async () => {
    const { port, lives, auth } = await standalone()
    const head = (line: string, ...headers: string[]) => [line, 'Host: x', ...headers, '', ''].join('\r\n')
    const upgrade = ['Connection: keep-alive, Upgrade', 'Upgrade: WebSocket']
    const [keyLine, version] = [`Sec-WebSocket-Key: ${key['sec-websocket-key']}`, 'Sec-WebSocket-Version: 13']
    const cases: readonly [string, string, number, string[]][] = [
      ['no key', head('GET /ws HTTP/1.1', ...upgrade, version), 400, []],
      ['a short key', head('GET /ws HTTP/1.1', ...upgrade, version, 'Sec-WebSocket-Key: AAAA'), 400, []],
      ['two keys', head('GET /ws HTTP/1.1', ...upgrade, version, keyLine, keyLine), 400, []],
      ['no version', head('GET /ws HTTP/1.1', ...upgrade, keyLine), 426, ['sec-websocket-version: 13']],
      ['an old version', head('GET /ws HTTP/1.1', ...upgrade, keyLine, 'Sec-WebSocket-Version: 8'), 426, []],
      [
        'another method',
        head('PUT /ws HTTP/1.1', ...upgrade, keyLine, version, 'Content-Length: 0'),
        405,
        ['allow: get'],
      ],
      ['a body', head('GET /ws HTTP/1.1', ...upgrade, keyLine, version, 'Content-Length: 4'), 400, []],
      [
        'a body in chunks',
        head('GET /ws HTTP/1.1', ...upgrade, keyLine, version, 'Transfer-Encoding: chunked'),
        400,
        [],
      ],
      ['HTTP/1.0', head('GET /ws HTTP/1.0', ...upgrade, keyLine, version), 426, ['upgrade: websocket']],
      ['no upgrade at all', head('GET /ws HTTP/1.1', 'Connection: close'), 426, ['upgrade: websocket']],
    ]
    for (const [what, bytes, status, fields] of cases) {
      const answer = await sendRaw(port, bytes.replace('Host: x', 'Host: x\r\nX-Request-Id: mine'))
      expect(answer.status, what).toBe(status)
      for (const field of ['content-type: application/problem+json', 'x-request-id: mine', ...fields]) {
        expect(answer.head.toLowerCase(), what).toContain(field)
      }
      expect(answer.text.match(/HTTP\/1\.1 /g), what).toHaveLength(1)
    }
    expect(auth.sockets.count()).toBe(0)
    await lives()
  })

  it('is answered with the request id, as everything is', async () => {
    const { url } = await standalone()
    const sent = connect(url, { 'x-request-id': 'mine' })
    const client = await sent
    expect(client.upgradeHeaders).toMatchObject({ 'x-request-id': 'mine' })
  })

  it('does not compress, whatever a client offers', async () => {
    const { url } = await standalone()
    const client = await connect(url)
    expect(client.socket.extensions).toBe('')
  })
})
