import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { SOCKET_CLOSE } from '../../contract/socket-frames.js'
import { atMost } from '../../runtime/at-most.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Logger } from '../../runtime/logger.js'
import type { Queryable, Storage } from '../../storage/storage.js'
import { allTenants } from '../../storage/tenant-scope.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import type { Standing, TokenService } from '../tokens/token-service.js'
import { type Place, SocketAdmission } from './websocket-admission.js'
import { createAuthentication } from './websocket-authentication.js'
import { followFeed } from './websocket-changes.js'
import { Connection, type Hub } from './websocket-connection.js'
import { deleteMessages } from './websocket-message-store.js'
import { createMessages } from './websocket-messages.js'
import { removeDeadNodes } from './websocket-place-store.js'
import { createPlaces, type Visit } from './websocket-places.js'
import { SocketRegistry } from './websocket-registry.js'
import { createRounds } from './websocket-rounds.js'
import type { Entrance, SocketTarget, Visitor, WebSocketSettings, Wire } from './websocket-types.js'

export { KEEP as SOCKET_KEEP_PERIOD } from './websocket-places.js'
export { ROUND as SOCKET_ROUND_PERIOD } from './websocket-rounds.js'

export interface WebSocketService {
  /** Open connections of this node that have authenticated. */
  count(): number
  /**
   * Sends a value as JSON to every open connection that it is for, at every node: at most once, and not kept for who is
   * not there. Resolves when this node's connections have it and other nodes can read it.
   * @throws SallyportError `payload_too_large` beyond 256 KiB, `unavailable`
   */
  send(target: SocketTarget, message: unknown): Promise<void>
  /**
   * Lets somebody in who asks for a connection, or keeps a place for who has yet to authenticate. A token that is not
   * good is told once the connection is made, where a browser's script can hear it.
   * @throws SallyportError `rate_limited` for one too many, `unavailable` while this node stops
   */
  admit(visitor: Visitor): Promise<Entrance>
  /** Looks after all connections once. */
  round(): Promise<void>
  /** Tells the other nodes that this one is alive. */
  keep(): Promise<void>
  /** Deletes what nobody needs any more, one bounded batch. Returns how much went. */
  cleanUp(db: Queryable): Promise<number>
  /** Closes every connection with 1012 and lets nobody in any more. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Looks at the database at a time, so that a thousand ends at once leave room for requests. */
const LOOKS_AT_ONCE = 16
/** How long a message is kept for nodes that read late, milliseconds. */
const KEEP_MESSAGES = 60_000
const CLEAN_UP_BATCH = 1_000
/** How long the closing handshakes may take at a stop, milliseconds. */
const FAREWELL = 1_000

export function createWebSocketService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly tokens: TokenService
  readonly revocations: RevocationService
  readonly settings: WebSocketSettings
  /** Tells this node from others, and from what it was before it was started again. */
  readonly nodeId: string
  /** Strict JSON. @throws SallyportError */
  readonly parse: (text: string) => unknown
  /** Bypass: signs in whoever shows any token. Null in every other mode. */
  readonly demo: ((userId: string | null, client: ClientContext) => Promise<Identity>) | null
}): WebSocketService {
  const { storage, clock, logger, tokens, revocations, settings, nodeId, parse } = parts
  const { connections: holders } = tokens
  const complain = (error: unknown) => {
    const cause = error instanceof Error ? error.message : String(error)
    logger.error({ cause }, 'a WebSocket connection could not be served')
  }
  const registry = new SocketRegistry()
  const admission = new SocketAdmission(settings)
  const places = createPlaces({
    ...{ storage, nodeId, complain },
    maxPerUser: settings.maxConnectionsPerUser,
    maxPerAddress: settings.maxConnectionsPerAddress,
  })
  const messages = createMessages({ storage, nodeId, registry, hints: revocations.hints })
  const limited = atMost(LOOKS_AT_ONCE)
  const look = (standing: Standing, sessionId?: string) => limited(() => holders.look(standing, sessionId))
  const rounds = createRounds({ tokens: holders, settings, look, complain })
  const authentication = createAuthentication({ tokens, demo: parts.demo })
  /** Every connection and its place among them. */
  const open = new Map<Connection, Place>()
  /** Those that were closed and whose sockets are still there: they count for the node, and for nobody else. */
  const closing = new Map<Connection, Place>()
  /** Whom to tell that a connection has authenticated. */
  const welcomes = new Map<Connection, (connection: Connection) => unknown>()
  let isStopping = false

  const hub: Hub = {
    maxFramesPerSecond: settings.maxFramesPerSecond,
    maxBuffered: settings.maxBuffered,
    now: () => clock.now(),
    parse,
    confirm: holders.confirm,
    canTrust: holders.canTrust,
    settle: rounds.settle,
    complain,
    left(connection) {
      welcomes.delete(connection)
      const place = open.get(connection)
      if (place !== undefined) closing.set(connection, place)
      open.delete(connection)
      if (connection.standing === null) return
      registry.delete(connection)
      places.free(visitOf(connection.identity, connection))
    },
    gone(connection) {
      closing.get(connection)?.free()
      closing.delete(connection)
    },
    async authenticate(connection, asked) {
      const position = revocations.position()
      try {
        const identity = await authentication.check(asked, connection)
        if (!connection.isOver) await enter(connection, holders.standingOf(identity, false), position)
      } catch (error) {
        // Who is connected stays so while nobody can tell what the new token is.
        const isOutage = !(error instanceof SallyportError) || (error.status >= 500 && connection.standing !== null)
        if (isOutage) throw error
        connection.reject(error)
      }
    },
  }

  const review = followFeed({
    revocations,
    registry,
    settings,
    look,
    schedule: rounds.schedule,
    fetch: () => messages.fetch().catch(complain),
    tokens: holders,
  })

  /** Whoever has shown a good token is let in, or goes on with it. */
  async function enter(connection: Connection, standing: Standing, position: number): Promise<void> {
    const before = connection.standing
    if (before === null) {
      const isGranted = await claim(standing, connection)
      if (!isGranted) return connection.end(SOCKET_CLOSE.tooManyConnections, 'too many connections')
      if (connection.isOver) return places.free(visitOf(standing.identity, connection))
    }
    begin(connection, standing, position)
  }

  async function claim({ identity }: Standing, from: Pick<Visitor, 'client'>): Promise<boolean> {
    await messages.begin().catch(complain)
    return places.take(visitOf(identity, from))
  }

  function begin(connection: Connection, standing: Standing, position: number): void {
    const before = connection.standing
    connection.adopt(standing)
    if (before === null) registry.add(connection)
    else registry.move(connection, before.identity.sessionId, standing.identity.sessionId)
    rounds.schedule(connection, standing)
    open.get(connection)?.settle()
    connection.sayHolder('auth_success')
    greet(connection)
    const { sessionId: id, userId, tenantId } = standing.identity
    // What ended while the token was looked at was told to nobody: the connection was not yet among those who hear.
    if (revocations.hasChangedSince(position, { id, userId, tenantId })) {
      void connection.do(() => review(connection))
    }
  }

  /** Server code that goes wrong here may not have attached all that it meant to. */
  function greet(connection: Connection): void {
    const welcome = welcomes.get(connection)
    welcomes.delete(connection)
    const fail = (error: unknown) => {
      complain(error)
      connection.end(SOCKET_CLOSE.tryAgain, 'internal')
    }
    try {
      const result = welcome?.(connection)
      if (result instanceof Promise) result.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  function connect({ client, tenantHeader }: Visitor, wire: Wire, place: Place): Connection {
    const id = uuidv7(clock.now())
    const connection = new Connection({ id, client, tenantHeader, wire, vigil: rounds.vigil(), hub })
    open.set(connection, place)
    return connection
  }

  /** Who a visitor turned out to be, before the connection is made. */
  async function judge(visitor: Visitor): Promise<Standing | SallyportError | 'full' | null> {
    const { credential } = visitor
    if (credential === null || credential instanceof SallyportError) return credential
    try {
      const identity = await authentication.check({ token: credential.token, userId: null }, visitor)
      const standing = holders.standingOf(identity, credential.viaCookie)
      return (await claim(standing, visitor)) ? standing : 'full'
    } catch (error) {
      if (error instanceof SallyportError) return error
      throw error
    }
  }

  async function drain(): Promise<void> {
    isStopping = true
    const all = [...open.keys()]
    for (const connection of all) connection.end(SOCKET_CLOSE.restart, 'the server restarts')
    if (all.length === 0) return
    const until = new Promise((resolve) => setTimeout(resolve, FAREWELL).unref())
    await Promise.race([
      until,
      Promise.all(all.map((connection) => new Promise<number>((over) => connection.onClose(over)))),
    ])
    for (const connection of all) connection.wire.terminate()
  }

  return {
    count: () => registry.size,
    send: messages.send,
    async admit(visitor) {
      if (isStopping) throw new SallyportError('unavailable', { retryAfter: 1 })
      const place = admission.take(visitor.client.ipAddress)
      const position = revocations.position()
      let verdict: Awaited<ReturnType<typeof judge>>
      try {
        verdict = await judge(visitor)
      } catch (error) {
        place.free()
        throw error
      }
      return {
        accept(wire, welcome) {
          const connection = connect(visitor, wire, place)
          if (isStopping) connection.end(SOCKET_CLOSE.restart, 'the server restarts')
          else if (verdict === null) welcomes.set(connection, welcome)
          else if (verdict === 'full') connection.end(SOCKET_CLOSE.tooManyConnections, 'too many connections')
          else if (verdict instanceof SallyportError) connection.reject(verdict)
          else {
            welcomes.set(connection, welcome)
            begin(connection, verdict, position)
          }
          return connection
        },
        cancel() {
          place.free()
          if (verdict === null || verdict === 'full' || verdict instanceof SallyportError) return
          places.free(visitOf(verdict.identity, visitor))
        },
      }
    },
    round: () => rounds.run(open.keys(), review).catch(complain),
    keep: () => places.keep(),
    async cleanUp(db) {
      const nodes = await removeDeadNodes(allTenants(), db, storage, CLEAN_UP_BATCH)
      return nodes + (await deleteMessages(allTenants(), db, storage, KEEP_MESSAGES, CLEAN_UP_BATCH))
    },
    drain,
    async close() {
      await drain()
      await places.close().catch(complain)
    },
  }
}

function visitOf({ tenantId, userId }: Identity, { client }: Pick<Visitor, 'client'>): Visit {
  return { tenantId, userId, ipAddress: client.ipAddress }
}
