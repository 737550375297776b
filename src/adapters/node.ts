import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Answer } from '../http/answer.js'
import type { Call, HttpApp, HttpConfig, HttpLogger } from '../http/http-app-types.js'
import { earlyRefusal } from '../http/problem.js'
import { requestIdOf } from '../http/request-id.js'
import { securityHeaders } from '../http/security-headers.js'
import { systemClock } from '../runtime/clock.js'
import { answerClientError } from './node-client-error.js'
import { checkRequestLine } from './node-request-line.js'
import { RawCall } from './raw-call.js'

/** Milliseconds. A slow client may take this long, and no longer, so that idle sockets cannot be piled up. */
const HEADERS_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 30_000
/** Longer than the 60 s that load balancers keep a connection, so that it is they who close it. */
const KEEP_ALIVE_TIMEOUT = 65_000
/** Without a byte in either direction while a request or its answer is under way: who does not read is let go. */
const STALLED_TIMEOUT = 120_000
/** For what is left of a body that nobody reads: cut off at once, the sender might not see the answer. */
const UNREAD_TIMEOUT = 500
const MOST_HEADER_BYTES = 16 * 1024

export interface NodeServerOptions {
  readonly logger: HttpLogger
}

/**
 * A `node:http` server over the application, not listening yet. All is answered on the raw request.
 */
export function createNodeServer(app: HttpApp, config: HttpConfig, { logger }: NodeServerOptions): Server {
  const common = securityHeaders(config)
  /** Connections on which a request was refused for its form: where the next one starts is not known for certain. */
  const distrusted = new WeakSet<Duplex>()

  function refuse(
    { socket, headers: asked }: IncomingMessage,
    outgoing: ServerResponse,
    error: SallyportError,
    exactStatus?: number,
  ): void {
    distrusted.add(socket)
    const requestId = requestIdOf(asked['x-request-id']?.toString(), systemClock)
    const { status, headers, body } = earlyRefusal(error, common, exactStatus, requestId)
    outgoing.writeHead(status, { ...headers, connection: 'close' }).end(body)
  }

  /** Null where nothing has to be waited for. */
  function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> | null {
    // Node goes on to hand over what was sent behind a request, whatever its answer says of the connection.
    if (distrusted.has(incoming.socket)) return null
    const refused = checkRequestLine(incoming)
    if (refused) {
      refuse(incoming, outgoing, refused)
      return null
    }
    const call = bodilessCall(incoming)
    const isRead = call.method === 'GET' || call.method === 'HEAD'
    const answer = isRead ? app.answer(call) : app.knock(call)
    if (answer === null) return answerWithBody(incoming, outgoing)
    if (answer instanceof Promise) return answer.then((late) => write(outgoing, late))
    write(outgoing, answer)
    return null
  }

  function fail(outgoing: ServerResponse, error: unknown): void {
    logger.error({ err: error }, 'a request could not be answered')
    outgoing.destroy()
  }

  async function answerWithBody(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.once('finish', () => leaveBody(incoming))
    write(outgoing, await app.answer(new RawCall(incoming, outgoing, incoming.url ?? '')))
  }

  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      maxHeaderSize: MOST_HEADER_BYTES,
      connectionsCheckingInterval: 1000,
      insecureHTTPParser: false,
      // Ours is refused as a problem, in the request line's check.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      try {
        handle(incoming, outgoing)?.catch((error: unknown) => fail(outgoing, error))
      } catch (error) {
        fail(outgoing, error)
      }
    },
  )
  server.timeout = STALLED_TIMEOUT
  // Node would drop what is beyond its count, perhaps the very header that a proxy added: all are kept, and counted.
  server.maxHeadersCount = 0
  // Node would answer this by itself, bare, and go on (RFC 9110 §10.1.1).
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const detail = 'The only expectation that is met is `100-continue`.'
    refuse(incoming, outgoing, new SallyportError('invalid_request', { detail }), 417)
  })
  server.on('clientError', (error, socket) => {
    if (!distrusted.has(socket)) answerClientError(error, socket, common)
  })
  return server
}

/** What is sent with a GET or to a door is not read; node drops it once the answer is out. */
function bodilessCall(incoming: IncomingMessage): Call {
  const [path = '', query = ''] = splitOnce(incoming.url ?? '', '?')
  return {
    method: incoming.method ?? 'GET',
    path,
    query,
    host: incoming.headers.host ?? '',
    header: (name) => {
      const value = incoming.headers[name.toLowerCase()]
      return Array.isArray(value) ? value.join(', ') : value
    },
    remoteAddress: incoming.socket.remoteAddress ?? null,
    body: () => null,
  }
}

/** The rest of a body may flow away for a moment, so that the connection stays usable; then it is ended. */
function leaveBody(incoming: IncomingMessage): void {
  if (incoming.complete) return
  const late = setTimeout(() => incoming.socket.destroySoon(), UNREAD_TIMEOUT)
  incoming.once('close', () => clearTimeout(late)).resume()
}

function write(outgoing: ServerResponse, { status, fields, body }: Answer): void {
  outgoing.writeHead(status, fields).end(body ?? undefined)
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
