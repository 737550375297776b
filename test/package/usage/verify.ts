import { createServer, type Server } from 'node:http'
import { createVerifier, type Identity, SallyportError, type Verifier } from 'sallyport/verify'

const verifier: Verifier = createVerifier({
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
})

export const server: Server = createServer(async (request, response) => {
  try {
    const identity: Identity = await verifier.verify(request)
    response.end(identity.userId)
  } catch (error) {
    response.statusCode = error instanceof SallyportError ? error.status : 500
    response.end()
  }
})
