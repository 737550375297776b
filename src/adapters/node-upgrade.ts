import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'
import type { Auth } from '../auth-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { refusalOfHandshake, WEBSOCKET_PATH } from '../http/handshake.js'
import type { HttpConfig, HttpLogger } from '../http/http-app-types.js'
import { earlyRefusal, type ProblemAnswer } from '../http/problem.js'
import { requestIdOf } from '../http/request-id.js'
import { securityHeaders } from '../http/security-headers.js'
import { systemClock } from '../runtime/clock.js'
import { loadPackage } from '../runtime/load-package.js'
import { checkRequestLine } from './node-request-line.js'
import { authenticateConnections, refuseUpgrade } from './ws.js'

/** Parts of one message: honest clients send it in one. */
const MOST_FRAGMENTS = 128

/**
 * Answers `GET /ws` of a standalone server. Node hands over every request that asks for any other protocol, HTTP/2 for
 * one: those are answered as if they had not asked (RFC 9110 §7.8).
 */
export function serveWebSockets(
  server: Server,
  auth: Pick<Auth, 'sockets'>,
  config: HttpConfig,
  logger: HttpLogger,
): void {
  const common = securityHeaders(config)
  let wss: Promise<WebSocketServer> | null = null

  async function open(): Promise<WebSocketServer> {
    // Loaded with the first connection: most servers have none.
    const { WebSocketServer } = await loadPackage('ws', 'A WebSocket', () => import('ws'))
    const made = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: auth.sockets.maxFrame,
      maxFragments: MOST_FRAGMENTS,
    })
    authenticateConnections(made, auth)
    return made
  }

  function refuse({ headers }: IncomingMessage, socket: Duplex, error: SallyportError): void {
    const requestId = requestIdOf(headers['x-request-id']?.toString(), systemClock)
    refuseUpgrade(socket, earlyRefusal(error, common, error.status, requestId))
  }

  function handshakeRefusal({ method = '', headers }: IncomingMessage): ProblemAnswer | null {
    return refusalOfHandshake({ method, header: (name) => headers[name]?.toString() }, common)
  }

  /** What stands behind the head belongs to the protocol that was asked for: there is no next request. */
  function answerWithout(request: IncomingMessage, socket: Duplex): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const detail = 'A request with a body may not ask for another protocol.'
      refuse(request, socket, new SallyportError('invalid_request', { detail }))
      return
    }
    const outgoing = new ServerResponse(request)
    outgoing.shouldKeepAlive = false
    outgoing.assignSocket(request.socket)
    outgoing.once('finish', () => request.socket.destroySoon())
    server.emit('request', request, outgoing)
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const fall = () => socket.destroy()
    socket.on('error', fall)
    const unavailable = (error: unknown) => {
      logger.error({ err: error }, 'WebSockets cannot be served')
      refuse(request, socket, new SallyportError('unavailable', { cause: error }))
    }
    const refused = checkRequestLine(request)
    const [path] = (request.url ?? '').split('?', 1)
    // In HTTP/1.0 nobody can ask for another protocol (RFC 9110 §7.8).
    const isAsked = request.headers.upgrade?.toLowerCase() === 'websocket' && request.httpVersion !== '1.0'
    const isOurs = path === WEBSOCKET_PATH && isAsked
    const unfit = isOurs ? handshakeRefusal(request) : null
    if (refused !== null) refuse(request, socket, refused)
    else if (unfit !== null) refuseUpgrade(socket, unfit)
    else if (!isOurs) answerWithout(request, socket)
    else {
      wss ??= open()
      wss.then((made) => {
        made.handleUpgrade(request, socket, head, () => undefined)
        socket.removeListener('error', fall)
      }, unavailable)
    }
  })
}
