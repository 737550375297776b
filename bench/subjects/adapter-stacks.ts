import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Auth } from '../../src/auth-types.js'
import { built } from './built.js'

/** What every route of every framework answers: 200 bytes. */
const ANSWER = { text: 'x'.repeat(200 - '{"text":""}'.length) }

/** One application of a framework; with `auth` its one route is guarded. @returns where it answers */
export type Start = (auth: Auth | null) => Promise<string>

/** The frameworks that have an adapter, bare and guarded, each as its own documentation would have it. */
export const ADAPTER_STACKS = {
  async express(auth) {
    const { default: express } = await import('express')
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/express.js')>('adapters/express.js')
    const app = express()
    if (auth !== null) app.use(sallyport(auth))
    app.get('/me', ...(auth === null ? [] : [requireAuth()]), (_request, response) => void response.json(ANSWER))
    return listening(app)
  },

  async fastify(auth) {
    const { default: Fastify } = await import('fastify')
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/fastify.js')>('adapters/fastify.js')
    const app = Fastify()
    if (auth !== null) await app.register(sallyport(auth))
    app.get('/me', auth === null ? {} : { onRequest: requireAuth() }, (_request, reply) => void reply.send(ANSWER))
    return app.listen({ port: 0, host: '127.0.0.1' })
  },

  async hono(auth) {
    const { Hono } = await import('hono')
    const { getRequestListener } = await import('@hono/node-server')
    const { requireAuth, sallyport } = await built<typeof import('../../src/adapters/hono.js')>('adapters/hono.js')
    const app = new Hono()
    if (auth !== null) app.use(sallyport(auth))
    if (auth === null) app.get('/me', (c) => c.json(ANSWER))
    else app.get('/me', requireAuth(), (c) => c.json(ANSWER))
    return listening(getRequestListener(app.fetch))
  },

  async 'node:http'(auth) {
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/node-listener.js')>('adapters/node-listener.js')
    const body = JSON.stringify(ANSWER)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const answer: RequestListener = (_request, response) => void response.writeHead(200, headers).end(body)
    if (auth === null) return listening(answer)
    const guard = requireAuth()
    return listening(sallyport(auth, (request, response) => guard(request, response, () => answer(request, response))))
  },
} as const satisfies Readonly<Record<string, Start>>

function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${portOf(server.address())}`))
  })
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port')
  return address.port
}
