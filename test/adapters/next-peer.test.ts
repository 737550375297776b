import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { expect, it, onTestFinished } from 'vitest'
import { sallyport, sharedAuth } from '../../src/adapters/next.js'
import { createTestAuth } from '../../src/testing/index.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { close, listen } from '../http/raw-socket.js'

/** What is noted of where a session was opened, by handlers that see a `Request` and no connection. */
async function addressSeen(trustProxy: string[], headers: Record<string, string>): Promise<string | null> {
  const auth = await createTestAuth({ config: { server: { trustProxy } } })
  onTestFinished(() => auth.close())
  const { POST } = sallyport(sharedAuth(async () => auth, randomUUID()))
  const server = createServer(getRequestListener((request) => POST(request), { overrideGlobalObjects: false }))
  const port = await listen(server)
  onTestFinished(() => close(server))
  const answer = await fetch(`http://127.0.0.1:${port}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email: newEmail(), password: PASSWORD }),
  })
  const { session } = Object(await answer.json())
  return session.ip_address
}

const forged = { 'x-forwarded-for': '203.0.113.66', 'x-sallyport-peer': '203.0.113.66', 'x-real-ip': '203.0.113.66' }

it('the peer of the connection counts, whatever the request says of it', async () => {
  expect(await addressSeen([], {})).toBe('127.0.0.1')
  expect(await addressSeen([], forged)).toBe('127.0.0.1')
})

it('through proxies of ones own, and no others, the forwarded address is followed', async () => {
  expect(await addressSeen(['10.0.0.0/8'], forged)).toBe('127.0.0.1')
  const chain = { ...forged, 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2' }
  expect(await addressSeen(['127.0.0.1', '10.0.0.0/8'], chain)).toBe('203.0.113.7')
})
