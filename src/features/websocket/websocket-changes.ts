import type { Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { SOCKET_CLOSE } from '../../contract/socket-frames.js'
import { addressBucket } from '../../runtime/client-address.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import type { Change } from '../revocation/revocation-types.js'
import type { FoundSession } from '../sessions/session-types.js'
import type { ConnectionTokens, Standing } from '../tokens/token-service.js'
import type { Connection } from './websocket-connection.js'
import type { SocketRegistry } from './websocket-registry.js'
import type { WebSocketSettings } from './websocket-types.js'

/** Milliseconds after which a database that did not answer is asked again. */
const PAUSE = 1_000

/**
 * What ends or alters sessions and accounts, at whichever node, does so to their connections.
 * @returns looks at a connection's account anew
 */
export function followFeed(parts: {
  readonly revocations: RevocationService
  readonly registry: SocketRegistry
  readonly settings: WebSocketSettings
  readonly look: (standing: Standing, sessionId?: string) => Promise<Standing & { readonly found: FoundSession }>
  readonly schedule: (connection: Connection, standing: Standing) => void
  /** Reads messages of other nodes. */
  readonly fetch: () => Promise<void>
  readonly tokens: Pick<ConnectionTokens, 'now' | 'reasonOfEnd'>
}): (connection: Connection) => Promise<void> {
  const { revocations, registry, settings, look, schedule, fetch, tokens } = parts

  function ended({ subject, reason = 'revoked', successor }: Change): void {
    for (const connection of registry.ofSession(subject)) {
      if (successor === undefined) connection.revoke(reason)
      else void connection.do(() => carryOver(connection, subject, successor, reason))
    }
  }

  /**
   * A guest became an account: the connection goes on under the account's first session, if it comes from where the
   * account was made. Whoever had planted the guest's session with somebody does not come along.
   */
  async function carryOver(connection: Connection, subject: string, successor: string, reason: string): Promise<void> {
    const { standing } = connection
    // Whoever has shown another token meanwhile is there by that one.
    if (standing === null || standing.identity.sessionId !== subject) return
    try {
      const next = await look(standing, successor)
      const isSamePlace = addressBucket(next.found.session.ipAddress) === addressBucket(connection.client.ipAddress)
      if (!isSamePlace) return connection.revoke(reason)
      renew(connection, standing, next)
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error
      connection.revoke(reason)
    }
  }

  function renew(connection: Connection, before: Standing, next: Standing): void {
    if (connection.isOver) return
    registry.move(connection, before.identity.sessionId, next.identity.sessionId)
    connection.adopt(next)
    schedule(connection, next)
    connection.sayHolder('user_updated')
  }

  /** The account was changed, or may have been. */
  async function review(connection: Connection): Promise<void> {
    const { standing, vigil } = connection
    if (standing === null) return
    vigil.reviewAt = Number.POSITIVE_INFINITY
    try {
      const next = await look(standing)
      if (connection.isOver || isSame(standing.identity, next.identity)) return
      if (settings.onRoleChange === 'close' && !hasSameRights(standing.identity, next.identity)) {
        return connection.end(SOCKET_CLOSE.unauthenticated, 'roles changed')
      }
      renew(connection, standing, next)
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error
      if (error.code === 'session_revoked') connection.revoke(await tokens.reasonOfEnd(standing))
      else if (error.code === 'token_expired') connection.reject(error)
      else vigil.reviewAt = tokens.now() + PAUSE
    }
  }

  function reviewAll(connections: readonly Connection[]): void {
    for (const connection of connections) void connection.do(() => review(connection))
  }

  revocations.subscribe({
    changed(change) {
      if (registry.size === 0) return
      if (change.kind === 'session') ended(change)
      else if (change.kind === 'tenant') reviewAll(registry.ofTenant(change.subject))
      else if (change.kind !== 'key') reviewAll(registry.ofUser(change.subject))
    },
    missed: () => reviewAll(registry.all()),
    synced() {
      if (registry.size > 0) void fetch()
    },
  })
  return review
}

function hasSameRights(one: Identity, other: Identity): boolean {
  return isSameList(one.roles, other.roles) && isSameList(one.permissions, other.permissions)
}

/** The same to who sees it; the times of a session are no news. */
export function isSame(one: Identity, other: Identity): boolean {
  return (
    hasSameRights(one, other) &&
    one.email === other.email &&
    one.emailVerified === other.emailVerified &&
    one.username === other.username &&
    one.isGuest === other.isGuest
  )
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item))
}
