import { randomBytes } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage } from 'node:http'

const HEADER = 'x-sallyport-peer'
/** Next.js bundles a module several times in one process: whatever copy asks first listens for all of them. */
const KEY = Symbol.for('sallyport.next.peer')

type Remembered = typeof globalThis & { [KEY]?: string }

/**
 * Has the address of each connection noted with its request: Next.js hands on no socket, and its `X-Forwarded-For` is
 * whatever a client claims. Node tells of every request before anybody handles it, so a forged header is written over.
 */
export function listenForPeers(): void {
  const remembered: Remembered = globalThis
  if (remembered[KEY] !== undefined) return
  const proof = randomBytes(16).toString('hex')
  remembered[KEY] = proof
  subscribe('http.server.request.start', (message) => {
    const request = requestOf(message)
    if (request !== null) request.headers[HEADER] = `${proof} ${request.socket.remoteAddress ?? ''}`
  })
}

/**
 * The peer's address as it was noted; null for a request that came before anybody listened, or to another process.
 * @param header reads a request's header
 */
export function peerOf(header: (name: string) => string | null | undefined): string | null {
  const remembered: Remembered = globalThis
  const proof = remembered[KEY]
  const [written, address] = header(HEADER)?.split(' ', 2) ?? []
  return proof !== undefined && written === proof && address ? address : null
}

function requestOf(message: unknown): IncomingMessage | null {
  if (typeof message !== 'object' || message === null || !('request' in message)) return null
  return message.request instanceof IncomingMessage ? message.request : null
}
