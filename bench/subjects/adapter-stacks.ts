import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Auth } from '../../src/auth-types.js'
import { built } from './built.js'

/** What every route of every framework answers: 200 bytes. */
const ANSWER = { text: 'x'.repeat(200 - '{"text":""}'.length) }

/**
 * A framework as its own documentation would have it. `/bare` stands ahead of Sallyport's mount, or in an application without, and
 * nothing of it is asked; `/idle` has as many handlers ahead as a guarded route, which do nothing; `/guarded` is behind the
 * mount and `requireAuth`. @returns where it answers
 */
export type Start = (auth: Auth) => Promise<string>

/** The frameworks that have an adapter. */
export const ADAPTER_STACKS = {
  async express(auth) {
    const { default: express } = await import('express')
    type Handler = import('../../src/adapters/express.js').Middleware
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/express.js')>('adapters/express.js')
    const idle: Handler = (_request, _response, next) => next()
    // Express tries its handlers in turn: behind the others a route would cost more for that alone.
    const [bare, resting, guarded] = [express(), express(), express()]
    bare.get('/bare', (_request, response) => void response.json(ANSWER))
    resting.use(idle)
    resting.get('/idle', idle, (_request, response) => void response.json(ANSWER))
    guarded.use(sallyport(auth))
    guarded.get('/guarded', requireAuth(), (_request, response) => void response.json(ANSWER))
    return listening((request, response) => {
      if (request.url === '/bare') bare(request, response)
      else if (request.url === '/idle') resting(request, response)
      else guarded(request, response)
    })
  },

  async fastify(auth) {
    const { default: Fastify } = await import('fastify')
    type Handler = import('../../src/adapters/fastify.js').Hook
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/fastify.js')>('adapters/fastify.js')
    const idle: Handler = (_request, _reply, done) => done()
    const app = Fastify({ keepAliveTimeout: 0 })
    await app.register(async (own) => {
      own.get('/bare', (_request, reply) => void reply.send(ANSWER))
    })
    await app.register(async (own) => {
      own.addHook('onRequest', idle)
      own.get('/idle', { onRequest: idle }, (_request, reply) => void reply.send(ANSWER))
    })
    await app.register(async (own) => {
      await own.register(sallyport(auth))
      own.get('/guarded', { onRequest: requireAuth() }, (_request, reply) => void reply.send(ANSWER))
    })
    return app.listen({ port: 0, host: '127.0.0.1' })
  },

  async hono(auth) {
    const { Hono } = await import('hono')
    const { getRequestListener } = await import('@hono/node-server')
    type Handler = import('hono').MiddlewareHandler
    const { requireAuth, sallyport } = await built<typeof import('../../src/adapters/hono.js')>('adapters/hono.js')
    const idle: Handler = (_c, next) => next()
    const app = new Hono()
    app.get('/bare', (c) => c.json(ANSWER))
    app.get('/idle', idle, idle, (c) => c.json(ANSWER))
    app.use(sallyport(auth))
    app.get('/guarded', requireAuth(), (c) => c.json(ANSWER))
    return listening(getRequestListener(app.fetch))
  },

  async 'node:http'(auth) {
    const { requireAuth, sallyport } =
      await built<typeof import('../../src/adapters/node-listener.js')>('adapters/node-listener.js')
    const body = JSON.stringify(ANSWER)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const answer: RequestListener = (_request, response) => void response.writeHead(200, headers).end(body)
    const idle = (next: () => void) => next()
    const guard = requireAuth()
    const application = sallyport(auth, (request, response) =>
      guard(request, response, () => answer(request, response)),
    )
    return listening((request, response) => {
      if (request.url === '/bare') answer(request, response)
      else if (request.url === '/idle') idle(() => idle(() => answer(request, response)))
      else void application(request, response)
    })
  },
} as const satisfies Readonly<Record<string, Start>>

function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  // A connection may rest for as long as the other routes are asked.
  server.keepAliveTimeout = 0
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${portOf(server.address())}`))
  })
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port')
  return address.port
}
