import { SallyportError } from '../../contract/sallyport-error.js'
import { SOCKET_CLOSE } from '../../contract/socket-frames.js'
import type { ConnectionTokens, Standing } from '../tokens/token-service.js'
import { isSame } from './websocket-changes.js'
import type { Connection } from './websocket-connection.js'
import type { WebSocketSettings } from './websocket-types.js'
import { newVigil, type Vigil } from './websocket-vigil.js'

/** Milliseconds between two rounds. */
export const ROUND = 250
/** After the database did not answer, milliseconds. */
const PAUSE = 1_000

/** Looks after every connection from time to time: its end, its sign of life, its authentication. */
export interface Rounds {
  vigil(): Vigil
  /** Reckons anew when its holder's standing ends. */
  schedule(connection: Connection, standing: Standing): void
  /**
   * One round. Resolves when the database has been asked about those that it was due for.
   * @param review looks at a connection's account anew
   */
  run(connections: Iterable<Connection>, review: (connection: Connection) => Promise<void>): Promise<void>
  /** Asks the database about one that is in doubt, and closes it where it is over. */
  settle(connection: Connection): Promise<void>
}

export function createRounds({
  tokens,
  settings,
  look,
  complain,
}: {
  readonly tokens: Pick<ConnectionTokens, 'now' | 'reasonOfEnd'>
  readonly settings: WebSocketSettings
  /** As `ConnectionTokens.look`, not too many at a time. */
  readonly look: (standing: Standing) => Promise<Standing>
  readonly complain: (error: unknown) => void
}): Rounds {
  const roundsOf = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / ROUND))
  const betweenPings = roundsOf(settings.pingInterval)

  function leadOf({ identity }: Standing): number {
    const left = Math.max(0, identity.expiresAt - tokens.now())
    return Math.min(settings.expiryWarning, left / 5)
  }

  function schedule({ vigil }: Connection, standing: Standing): void {
    vigil.lead = leadOf(standing)
    vigil.dueAt = standing.identity.expiresAt - vigil.lead
    vigil.isWarned = false
    vigil.roundsLeft = betweenPings
  }

  /** A use shortly before the end is no shorter warning. */
  function prolong({ vigil }: Connection, standing: Standing): void {
    vigil.lead = Math.max(vigil.lead, leadOf(standing))
    vigil.dueAt = standing.identity.expiresAt - vigil.lead
    vigil.isWarned = false
  }

  function follows({ identity, viaCookie }: Standing): boolean {
    return viaCookie || identity.tokenFormat === 'opaque'
  }

  /** Only the end moves: what else is new of the account is told, which is for `review` to do. */
  function extend(connection: Connection, standing: Standing, next: Standing): void {
    const { expiresAt } = next.identity
    connection.extend({ ...standing, identity: { ...standing.identity, expiresAt }, endsAt: next.endsAt })
    prolong(connection, next)
    if (!isSame(standing.identity, next.identity)) connection.vigil.reviewAt = tokens.now()
  }

  async function standingOf(standing: Standing, isDoubted: boolean): Promise<Standing> {
    if (follows(standing)) return look(standing)
    if (tokens.now() >= standing.endsAt) throw new SallyportError('token_expired')
    return isDoubted ? look(standing) : standing
  }

  /** The end has come near or is there, as far as this node knows, or something speaks against the holder. */
  async function attend(connection: Connection, standing: Standing, isDoubted: boolean): Promise<void> {
    const { vigil } = connection
    const next = await standingOf(standing, isDoubted)
    // Whoever has shown another token meanwhile is judged by that one.
    if (connection.isOver || connection.standing !== standing) return
    if (next.identity.expiresAt > standing.identity.expiresAt) extend(connection, standing, next)
    if (vigil.dueAt > tokens.now()) return
    if (tokens.now() >= next.endsAt) throw new SallyportError('token_expired')
    if (!vigil.isWarned) {
      vigil.isWarned = true
      connection.say({ type: 'session_expiring', expires_at: new Date(next.identity.expiresAt).toISOString() })
    }
    vigil.dueAt = next.endsAt
  }

  async function judge(connection: Connection, isDoubted: boolean): Promise<void> {
    const { standing } = connection
    if (standing === null) return
    try {
      await attend(connection, standing, isDoubted)
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error
      if (error.code === 'session_revoked') await revoke(connection, standing)
      else if (error.code !== 'token_expired') throw error
      else if (connection.standing === standing) connection.reject(error)
    }
  }

  /** Not where the connection has gone on under another session meanwhile. */
  async function revoke(connection: Connection, standing: Standing): Promise<void> {
    const reason = await tokens.reasonOfEnd(standing)
    if (connection.standing?.identity.sessionId === standing.identity.sessionId) connection.revoke(reason)
  }

  async function ask(connection: Connection): Promise<void> {
    const { vigil } = connection
    vigil.isAsking = true
    try {
      await judge(connection, false)
    } catch (error) {
      if (!(error instanceof SallyportError)) complain(error)
      // Nothing is known: asked again, and meanwhile each act of the holder is judged by itself.
      vigil.dueAt = tokens.now() + PAUSE
    } finally {
      vigil.isAsking = false
    }
  }

  function lookForLife(connection: Connection): void {
    const { vigil } = connection
    if (--vigil.roundsLeft > 0) return
    if (connection.standing !== null) askForLife(connection)
    // Who has said it in time does not pay for a database that is slow, least of all when everybody comes back at once.
    else if (!connection.isAuthenticating) {
      connection.end(SOCKET_CLOSE.authenticationTimeout, 'authentication timeout')
    }
  }

  function askForLife(connection: Connection): void {
    const { vigil, wire } = connection
    vigil.roundsLeft = betweenPings
    const bytes = wire.bytesRead()
    const isSilent = bytes === vigil.bytesSeen
    vigil.bytesSeen = bytes
    if (isSilent && vigil.isPinged) connection.cut()
    else if (isSilent) wire.ping()
    vigil.isPinged = isSilent
  }

  return {
    vigil: () => newVigil(roundsOf(settings.authTimeout)),
    schedule,
    settle: (connection) => judge(connection, true),
    async run(connections, review) {
      const now = tokens.now()
      const due: Promise<void>[] = []
      for (const connection of connections) {
        lookForLife(connection)
        const { vigil } = connection
        if (now >= vigil.reviewAt) {
          vigil.reviewAt = Number.POSITIVE_INFINITY
          due.push(connection.do(() => review(connection)))
        }
        if (now >= vigil.dueAt && !vigil.isAsking && !connection.isOver) due.push(ask(connection))
      }
      await Promise.all(due)
    },
  }
}
