import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Auth } from '../auth-types.js'
import type { SocketConnection, Transport, Wire } from '../features/websocket/websocket-types.js'

export type { ApplicationFrame, SocketConnection, SocketTarget } from '../features/websocket/websocket-types.js'

/** What of a `WebSocket` of the package `ws` is used. */
export interface SocketOfWs {
  readonly bufferedAmount: number
  send(text: string): void
  close(code: number, reason: string): void
  terminate(): void
  ping(): void
  on(event: string, listener: (...given: never[]) => void): unknown
  removeAllListeners(event: string): unknown
}

/** What of a `WebSocketServer` of the package `ws` is used. */
export interface ServerOfWs<Socket extends SocketOfWs = SocketOfWs> {
  readonly options: { maxPayload?: number | undefined }
  on(event: 'headers', listener: (lines: string[], request: IncomingMessage) => void): unknown
  shouldHandle(request: IncomingMessage): boolean | Promise<boolean>
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (socket: Socket, request: IncomingMessage) => void,
  ): void
}

/** What becomes of connections that have authenticated. */
export interface ConnectionOptions<Socket> {
  /**
   * Called as soon as a connection has authenticated: before any further frame of it is read. Where it throws or rejects,
   * that is logged and the connection is closed with 1013.
   */
  readonly onConnection?: (connection: SocketConnection, socket: Socket, request: IncomingMessage) => unknown
}

/** The connections of a `WebSocketServer`, as Sallyport knows them. */
export interface AuthenticatedConnections<Socket> {
  /** The connection of a socket, from the moment it has authenticated. */
  connectionOf(socket: Socket): SocketConnection | undefined
}

/** Milliseconds after which who does not answer the closing handshake is cut off. */
const FAREWELL = 2_000

/**
 * Makes a `WebSocketServer` of the package `ws` know who is there, in each of its ways (`port`, `server`, `noServer`). Its
 * event `connection`, and the callback of `handleUpgrade`, come once a connection has authenticated: by cookie or
 * `Authorization` at the upgrade, or by its first frame. An origin that is not allowed is refused before the upgrade.
 *
 * Frames of the application come to `connection.onMessage`, each judged as a request would be. Who listens to `message` of
 * the socket itself hears frames of the protocol as well, and judges for himself.
 * @param wss its `maxPayload` becomes `websocket.max_frame` where it is larger
 * @example
 * const wss = new WebSocketServer({ port: 8080 })
 * authenticateConnections(wss, auth, {
 *   onConnection(connection) {
 *     connection.onMessage((frame) => connection.send({ type: 'echo', to: connection.identity.username, frame }))
 *   },
 * })
 */
export function authenticateConnections<Socket extends SocketOfWs>(
  wss: ServerOfWs<Socket>,
  auth: Pick<Auth, 'sockets'>,
  options: ConnectionOptions<Socket> = {},
): AuthenticatedConnections<Socket> {
  const { sockets } = auth
  const connections = new WeakMap<Socket, SocketConnection>()
  const upgrade = wss.handleUpgrade.bind(wss)
  // None and 0 are no limit at all.
  wss.options.maxPayload = Math.min(wss.options.maxPayload || Number.POSITIVE_INFINITY, sockets.maxFrame)
  const fields = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>()
  wss.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(fields.get(request) ?? {})) lines.push(`${name}: ${value}`)
  })

  async function handle(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (socket: Socket, request: IncomingMessage) => void,
  ): Promise<void> {
    // Another server at the same port may be meant; `ws` answers what nobody wants.
    if (!(await wss.shouldHandle(request))) return upgrade(request, socket, head, callback)
    const outcome = await sockets.admit(callOf(request))
    if ('refusal' in outcome) return refuseUpgrade(socket, outcome.refusal)
    const { entrance } = outcome
    fields.set(request, outcome.headers)
    const abandon = () => entrance.cancel()
    if (socket.destroyed) return abandon()
    socket.once('close', abandon)
    upgrade(request, socket, head, (made) => {
      socket.removeListener('close', abandon)
      const attach = listen(made)
      const welcome = (connection: SocketConnection) => {
        connections.set(made, connection)
        const attached = options.onConnection?.(connection, made, request)
        callback(made, request)
        return attached
      }
      attach(entrance.accept(new WireOfWs(made, socket), welcome))
    })
  }

  wss.handleUpgrade = (request, socket, head, callback) => {
    const fall = () => socket.destroy()
    socket.on('error', fall)
    handle(request, socket, head, callback)
      .catch(fall)
      .finally(() => socket.removeListener('error', fall))
  }
  return { connectionOf: (socket) => connections.get(socket) }
}

class WireOfWs implements Wire {
  readonly #socket: SocketOfWs
  readonly #stream: Duplex

  constructor(socket: SocketOfWs, stream: Duplex) {
    this.#socket = socket
    this.#stream = stream
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  close(code: number, reason: string): void {
    // Nobody is to hear what comes after the end.
    this.#socket.removeAllListeners('message')
    this.#socket.close(code, reason)
    setTimeout(() => this.#socket.terminate(), FAREWELL).unref()
  }

  terminate(): void {
    this.#socket.terminate()
  }

  ping(): void {
    this.#socket.ping()
  }

  bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  bytesRead(): number {
    const stream = this.#stream
    return 'bytesRead' in stream && typeof stream.bytesRead === 'number' ? stream.bytesRead : 0
  }
}

/** Listens first of all, whatever the application attaches. @returns takes who is told */
function listen(socket: SocketOfWs): (transport: Transport) => void {
  let transport: Transport | null = null
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) transport?.receiveBinary()
    else transport?.receiveText(data.toString())
  })
  const control = () => transport?.receiveControl()
  socket.on('ping', control)
  socket.on('pong', control)
  socket.on('close', (code: number) => transport?.closed(code))
  // What breaks the rules of the protocol is answered by `ws`; without a listener it would end the process.
  socket.on('error', ignore)
  return (told) => {
    transport = told
  }
}

function ignore(): void {
  // Somebody has to listen.
}

function callOf(request: IncomingMessage) {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  return {
    method: request.method ?? 'GET',
    path,
    query,
    host: request.headers.host ?? '',
    header: (name: string) => {
      const value = request.headers[name.toLowerCase()]
      return Array.isArray(value) ? value.join(', ') : value
    },
    remoteAddress: request.socket.remoteAddress ?? null,
  }
}

/** Answers in place of an upgrade, and closes. */
export function refuseUpgrade(
  socket: Duplex,
  { status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: string },
): void {
  const lines = Object.entries({ connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}`)
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines].join('\r\n')
  socket.on('error', ignore)
  socket.once('finish', () => socket.destroy())
  socket.end(`${head}\r\n\r\n${body}`)
}
