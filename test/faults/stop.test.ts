import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { findSecrets } from '../secrets/find-secrets.js'
import { Caller } from './caller.js'
import { Deployment } from './deployment.js'
import { History } from './history.js'

// Only against a hang: how long a start takes is up to the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function deploy(): { deployment: Deployment; caller: Caller } {
  // Hashes that take their time, so that requests are under way when the signal comes.
  const deployment = new Deployment({ config: { auth: { password: { argon2id: { memory: 65_536, iterations: 2 } } } } })
  const caller = new Caller(new History())
  closers.push(
    () => deployment.remove(),
    async () => expect(findSecrets(deployment.output, [...caller.secrets, ...deployment.secrets])).toEqual([]),
  )
  return { deployment, caller }
}

async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const listening = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return listening
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s in the middle of 20 requests', (signal) => {
  it('answers them all, leaves no listener, ends with 0, and a second start keeps every token', async () => {
    const { deployment, caller } = deploy()
    const first = deployment.serve()
    caller.url = await first.url()
    const people = Array.from({ length: 20 }, (_, n) => ({
      email: `stop-${n}@example.com`,
      password: `stop ${n} ä/+% %`,
    }))
    let registered = 0
    const acts = people.map(async ({ email, password }) => {
      const act = await caller.register(email, password)
      registered++
      return act
    })
    // One was answered, so the other requests are with the server; nearly all of them wait for their hash.
    await Promise.race(acts)
    const underWay = people.length - registered
    const { code, stderr } = await first.end(signal)
    const answered = await Promise.all(acts)
    expect(underWay).toBeGreaterThan(0)
    expect(answered.map(({ status }) => status)).toEqual(people.map(() => 201))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await isListening(caller.url)).toBe(false)

    const second = deployment.serve()
    caller.url = await second.url()
    for (const { email, given } of answered) {
      expect((await caller.use(email, given?.access ?? '')).status, email).toBe(200)
      expect((await caller.refresh(email, given?.refresh ?? '')).status, email).toBe(200)
    }
    expect((await second.end(signal)).code).toBe(0)
  })
})

it('is not held up by a connection that says nothing', async () => {
  const { deployment } = deploy()
  const server = deployment.serve()
  const { hostname, port } = new URL(await server.url())
  const idle = connect(Number(port), hostname)
  await once(idle, 'connect')
  const closed = once(idle, 'close')
  idle.resume()
  const { code, stdout } = await server.end('SIGTERM')
  expect(code).toBe(0)
  expect(stdout).not.toContain('cut off')
  await closed
})

it('ends at once on the second signal', async () => {
  const { deployment, caller } = deploy()
  const server = deployment.serve()
  caller.url = await server.url()
  const { hostname, port } = new URL(caller.url)
  // A request that never becomes whole would otherwise be waited for.
  const slow = connect(Number(port), hostname)
  slow.on('error', () => undefined)
  await once(slow, 'connect')
  slow.write(
    'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  const settled = server.end('SIGTERM')
  while (!server.output.includes('stopping')) await new Promise((resolve) => setTimeout(resolve, 5))
  const { code } = await Promise.race([server.end('SIGTERM'), settled])
  expect(code).toBe(143)
  slow.destroy()
})
