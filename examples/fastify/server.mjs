// A list of notes for everybody who has signed in, on Fastify: `npm run example -- fastify`.

import Fastify from 'fastify'
import { createAuth } from 'sallyport'
import {
  getIdentity,
  mustGetUserId,
  optionalAuth,
  refusals,
  requireAuth,
  requireRole,
  sallyport,
} from 'sallyport/fastify'

const auth = await createAuth({ storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' } })

/** The notes of each user of this process. */
const notes = new Map()

const app = Fastify({ bodyLimit: 16_384, forceCloseConnections: 'idle' })
app.setErrorHandler(refusals())
await app.register(sallyport(auth))

app.get('/', { onRequest: optionalAuth() }, async (request) => ({
  hello: getIdentity(request)?.username ?? 'stranger',
}))

const note = { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } }

await app.register(
  async (mine) => {
    mine.addHook('onRequest', requireAuth())
    mine.get('/', async (request) => ({ notes: notes.get(mustGetUserId(request)) ?? [] }))
    mine.post('/', { schema: { body: note } }, async (request, reply) => {
      const userId = mustGetUserId(request)
      notes.set(userId, [...(notes.get(userId) ?? []), request.body.text])
      return reply.code(201).send({ text: request.body.text })
    })
  },
  { prefix: '/notes' },
)

app.get('/everything', { onRequest: requireRole('admin') }, async () => Object.fromEntries(notes))

const address = await app.listen({ port: Number(process.env.PORT ?? 3001), host: '127.0.0.1' })
process.stdout.write(`Notes: ${address}\n`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await app.close()
    await auth.close()
    process.exit(0)
  })
}
