import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createVerifier, SallyportError } from 'sallyport/verify'

const { SALLYPORT_URL, REDIS_URL, PORT = '4000' } = process.env
const { ISSUER = SALLYPORT_URL ?? 'https://accounts.example', AUDIENCE = SALLYPORT_URL ?? 'https://orders.example' } =
  process.env

const accounts = SALLYPORT_URL ? { url: SALLYPORT_URL, stop: () => {} } : await startAccounts()

const verifier = createVerifier({
  issuer: ISSUER,
  audience: AUDIENCE,
  jwksUrl: `${accounts.url}/.well-known/jwks.json`,
  ...(REDIS_URL && { redis: { url: REDIS_URL } }),
  onNotice: (notice) => process.stderr.write(`${notice}\n`),
})
await verifier.ready()

/** Orders of each user: all that this service keeps. It knows no password and no session. */
const orders = new Map()

const routes = {
  'GET /orders': ({ userId }) => orders.get(userId) ?? [],
  'POST /orders': ({ userId }) => {
    const mine = [...(orders.get(userId) ?? []), { number: Math.floor(Math.random() * 1e6) }]
    orders.set(userId, mine)
    return mine
  },
  'DELETE /orders': ({ roles }) => {
    if (!roles.includes('editor')) throw new SallyportError('forbidden', { detail: 'This takes the role editor.' })
    orders.clear()
    return []
  },
}

const server = createServer(async (request, response) => {
  if (request.url === '/') return response.end(instructions())
  if (request.url === '/health') return answer(response, verifier.status().isReady ? 200 : 503, verifier.status())
  const route = routes[`${request.method} ${request.url}`]
  try {
    if (route === undefined) throw new SallyportError('not_found')
    answer(response, 200, route(await verifier.verify(request)))
  } catch (error) {
    const { status, code, detail } = error instanceof SallyportError ? error : new SallyportError('internal')
    if (status === 401) response.setHeader('www-authenticate', 'Bearer')
    answer(response, status, { status, code, detail }, 'application/problem+json')
  }
})

server.listen(Number(PORT), '127.0.0.1', () => process.stdout.write(`orders at ${url()}\n`))
process.on('SIGTERM', async () => {
  server.close()
  server.closeAllConnections()
  await verifier.close()
  accounts.stop()
})

function answer(response, status, body, type = 'application/json') {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

function url() {
  return `http://127.0.0.1:${server.address().port}`
}

/** A Sallyport to try this with, in a process of its own. It knows nothing of the orders. */
async function startAccounts() {
  const child = fork(join(import.meta.dirname, 'accounts.mjs'), [], { env: { ...process.env, ISSUER, AUDIENCE } })
  const [{ url }] = await once(child, 'message')
  return { url, stop: () => child.kill('SIGTERM') }
}

function instructions() {
  return `Accounts are at ${accounts.url}, orders at ${url()}. Try:

  curl -s ${accounts.url}/auth/register -H 'content-type: application/json' \\
    -d '{"email":"anna@example.com","password":"correct horse battery"}'
  curl -s ${url()}/orders -X POST -H "authorization: Bearer $ACCESS_TOKEN"
  curl -s ${accounts.url}/auth/logout -X POST -H "authorization: Bearer $ACCESS_TOKEN"
  curl -s ${url()}/orders -H "authorization: Bearer $ACCESS_TOKEN"

${REDIS_URL ? 'Revocations are heard through Redis: the last answer is 401.' : 'There is no Redis: the token counts until its end, 15 minutes.'}
`
}
