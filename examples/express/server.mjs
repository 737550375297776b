// A list of notes for everybody who has signed in, on Express: `npm run example -- express`.

import express from 'express'
import { createAuth } from 'sallyport'
import {
  getIdentity,
  mustGetUserId,
  optionalAuth,
  refusals,
  requireAuth,
  requireRole,
  sallyport,
} from 'sallyport/express'

const auth = await createAuth({ storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' } })

/** The notes of each user of this process. */
const notes = new Map()

const app = express()
app.use(sallyport(auth))
app.use(express.json({ limit: '16kb' }))

app.get('/', optionalAuth(), (request, response) => {
  response.json({ hello: getIdentity(request)?.username ?? 'stranger' })
})

const mine = express.Router()
mine.use(requireAuth())
mine.get('/', (request, response) => {
  response.json({ notes: notes.get(mustGetUserId(request)) ?? [] })
})
mine.post('/', (request, response) => {
  const { text } = request.body ?? {}
  if (typeof text !== 'string' || text === '') return response.status(400).json({ error: 'a note has a text' })
  const userId = mustGetUserId(request)
  notes.set(userId, [...(notes.get(userId) ?? []), text])
  return response.status(201).json({ text })
})
app.use('/notes', mine)

app.get('/everything', requireRole('admin'), (_request, response) => {
  response.json(Object.fromEntries(notes))
})
app.use(refusals())

const server = app.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () => {
  process.stdout.write(`Notes: http://127.0.0.1:${server.address().port}\n`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close()
    server.closeIdleConnections()
    await auth.close()
    process.exit(0)
  })
}
