import { createServer, type Server } from 'node:http'
import { createVerifier, type Identity, SallyportError, type Verifier, type VerifierStatus } from 'sallyport/verify'

const verifier: Verifier = createVerifier({
  issuer: 'https://id.example.com',
  audience: 'https://api.example.com',
  redis: { url: 'redis://127.0.0.1:1', maxStaleness: '5s' },
  onOutage: 'continue',
  onNotice: (notice) => process.emitWarning(notice),
})

export const server: Server = createServer(async (request, response) => {
  try {
    const identity: Identity = await verifier.verify(request)
    response.end(identity.roles.includes('editor') ? identity.username : identity.userId)
  } catch (error) {
    response.writeHead(error instanceof SallyportError ? error.status : 500).end()
  }
})
export const byHeaders = (request: Request): Promise<Identity> => verifier.verify(request.headers)
export const byRequest = (request: Request): Promise<Identity> => verifier.verify(request)
const status: VerifierStatus = verifier.status()
export const age: number | null = status.feed?.age ?? status.keys.age
await verifier.close()
