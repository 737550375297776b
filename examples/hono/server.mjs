// Notes behind a sign-in: `npm run example -- hono`, then follow README.md with curl.

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createAuth } from 'sallyport'
import { mustGetIdentity, requireAuth, requireRole, sallyport } from 'sallyport/hono'

const auth = await createAuth({ storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' } })
/** The notes of each user, in this process. */
const notes = new Map()

const app = new Hono()
app.use(sallyport(auth))

app.get('/', (c) => c.text('Sign in at POST /auth/login'))

app.get('/notes', requireAuth(), (c) => c.json({ notes: notes.get(c.get('identity').userId) ?? [] }))

app.post('/notes', requireAuth(), async (c) => {
  const { userId } = mustGetIdentity(c)
  const text = (await c.req.text()).slice(0, 500)
  notes.set(userId, [...(notes.get(userId) ?? []), text])
  return c.json({ notes: notes.get(userId) }, 201)
})

app.get('/everything', requireRole('admin'), (c) => c.json({ notes: [...notes.values()].flat() }))

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3001) },
  ({ port }) => {
    process.stdout.write(`Notes: http://127.0.0.1:${port}\n`)
  },
)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(async () => {
      await auth.close()
      process.exit(0)
    })
  })
}
