// express-session with its Redis store on Express. Argument: { redis }.
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'

const client = createClient({ url: JSON.parse(process.argv[2]).redis })
await client.connect()
const app = express()
app.use(
  session({
    store: new RedisStore({ client }),
    secret: 'a secret for benchmarks, never for anything else',
    resave: false,
    saveUninitialized: false,
  }),
)
app.post('/login', (request, response) => {
  request.session.user = { id: '0192f0c1-7a3b-7c11-9d0e-5b6f7a8b9c0d', email: 'ada@example.com', roles: ['viewer'] }
  response.json({ ok: true })
})
app.get('/me', (request, response) => {
  if (request.session.user === undefined) response.status(401).end()
  else response.json({ user: request.session.user, padding: 'x'.repeat(90) })
})
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.resume().on('end', () => process.exit(0))
