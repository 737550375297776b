import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { createNodeServer } from '../../src/adapters/node.js'
import type { HttpApp } from '../../src/http/http-app-types.js'
import { Random } from '../faults/random.js'
import { close, listen } from '../http/raw-socket.js'
import { frameOf } from './frames.js'
import { type Framed, requestsIn } from './reference.js'

/** `npm run test:fuzz` sends more. */
const FRAMES = Number(process.env['FRAMES'] || 2000)
const SEED = Number(process.env['FUZZ_SEED'] || 20260101)
const CONFIG = { server: { publicUrl: null, basePaths: ['/auth'], trustProxy: [], cors: { origins: [] } } }
const PLAIN = 'GET /auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Keeps what reached it, in order, with the body as it was read. */
class Seen {
  requests: Promise<Framed | null>[] = []

  readonly app: HttpApp = {
    answer: async ({ method, path, query, body }) => {
      const target = path + (query && `?${query}`)
      const read = new Response(body()).arrayBuffer().then(
        (bytes): Framed => ({ method, target, body: Buffer.from(bytes).toString('latin1') }),
        () => null,
      )
      this.requests.push(read)
      await read
      return { status: 200, fields: ['content-length', '2'], body: '{}' }
    },
    fetch: async () => new Response(null),
    knock: () => null,
    owns: () => true,
    openapi: () => ({}),
  }

  async take(): Promise<readonly Framed[]> {
    const taken = await Promise.all(this.requests)
    this.requests = []
    return taken.filter((request) => request !== null)
  }
}

// ASVS 4.2.1
it('a connection framed in whatever way is never read as more requests, or others, than strict framing finds in it', async () => {
  const seen = new Seen()
  const failures: unknown[] = []
  const logger = { info: () => undefined, error: (fields: unknown) => failures.push(fields) }
  const server = createNodeServer(seen.app, CONFIG, { logger })
  const port = await listen(server)
  const random = new Random(SEED)
  const counts = { answered: 0, refused: 0, silent: 0, requests: 0 }
  try {
    for (let count = 0; count < FRAMES; count++) {
      const frame = frameOf(random)
      const text = frame.toString('latin1')
      const answer = await exchange(port, frame)
      const reached = await seen.take()
      // What comes with a GET is left unread.
      const lawful = requestsIn(text)
        .map((one) => (one.method === 'GET' ? { ...one, body: '' } : one))
        .filter(({ body }) => body !== null)
      const shown = JSON.stringify(text)
      expect(reached, shown).toEqual(lawful.slice(0, reached.length))
      const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
      expect(
        statuses.filter((status) => status >= 500),
        shown,
      ).toEqual([])
      // At most the one that is refused is answered beside those.
      expect(statuses.filter((status) => status !== 100).length, shown).toBeLessThanOrEqual(requestsIn(text).length + 1)
      counts.requests += reached.length
      if (statuses.length === 0) counts.silent++
      else if (statuses.includes(200)) counts.answered++
      else counts.refused++
      // The legal twin, over and over: the server still serves.
      if (count % 100 === 0) {
        expect(await exchange(port, Buffer.from(PLAIN))).toMatch(/^HTTP\/1\.1 200 /)
        expect(await seen.take()).toHaveLength(1)
      }
    }
    expect(failures).toEqual([])
    expect(await new Promise((resolve) => server.getConnections((_, open) => resolve(open)))).toBe(0)
    console.log(`${FRAMES} connections: ${JSON.stringify(counts)}`)
    expect(counts.requests).toBeGreaterThan(FRAMES / 10)
    expect(counts.refused).toBeGreaterThan(FRAMES / 10)
  } finally {
    await close(server)
  }
}, 3_600_000)

/** Everything that comes back to bytes after which the client says no more. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.end(bytes)
  })
}
