import type { Server } from 'node:http'
import { StartError } from './start-error.js'

/**
 * Listens, and resolves with the URL once connections are accepted.
 * @throws StartError when the address can't be had
 */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(explained(error, host, port))
    server.once('error', refuse)
    server.listen({ host, port }, () => {
      server.off('error', refuse)
      resolve(urlOf(server, host))
    })
  })
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://${bracketed(host)}:${port}`
}

/** RFC 3986 §3.2.2: an IPv6 address stands in brackets. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): StartError {
  const where = `${bracketed(host)}:${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `${where} is taken by another program: end it, or choose another port (--port, PORT)`,
        error,
      )
    case 'EACCES':
      return new StartError(`${where} may not be listened on by this user: choose a port above 1023`, error)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(`${bracketed(host)} is not an address of this machine (--host, HOST)`, error)
    default:
      return new StartError(`${where} could not be listened on (${error.code ?? 'unknown reason'})`, error)
  }
}
