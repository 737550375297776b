import { createServer } from 'node:http'
import { createAuth } from 'sallyport'
import { sallyport } from 'sallyport/node'

const { ISSUER, AUDIENCE, REDIS_URL } = process.env

const auth = await createAuth({
  storage: { url: 'sqlite::memory:' },
  auth: { mode: 'stateless', jwt: { issuer: ISSUER, audience: AUDIENCE } },
  ...(REDIS_URL && { redis: { url: REDIS_URL } }),
})
const server = createServer(sallyport(auth))

server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${server.address().port}` }))

async function stop() {
  server.close()
  server.closeAllConnections()
  await auth.close()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('disconnect', stop)
