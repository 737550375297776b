import { createServer, type Server } from 'node:http'
import { createAuth, type Identity } from 'sallyport'
import { getIdentity, mustGetUserId, optionalAuth, requireAuth, requireRole, sallyport } from 'sallyport/node'

const auth = await createAuth({ storage: { url: 'sqlite::memory:' } })
const [signedIn, known, editor] = [requireAuth(), optionalAuth(), requireRole('editor')]

export const server: Server = createServer(
  sallyport(auth, async (request, response) => {
    if (request.url === '/mine') return signedIn(request, response, () => response.end(mustGetUserId(request)))
    if (request.url === '/edit') return editor(request, response, () => response.end('edited'))
    return known(request, response, () => {
      const identity: Identity | null = getIdentity(request)
      response.end(identity?.username ?? 'nobody')
    })
  }),
)
export const surface: Server = createServer(sallyport(auth))
