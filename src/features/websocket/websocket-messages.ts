import { SallyportError } from '../../contract/sallyport-error.js'
import { oneAtATime } from '../../runtime/one-at-a-time.js'
import { DEFAULT_TENANT_ID } from '../../storage/default-tenant.js'
import type { Storage } from '../../storage/storage.js'
import { allTenants, oneTenant } from '../../storage/tenant-scope.js'
import type { RevocationService } from '../revocation/revocation-service.js'
import type { Connection } from './websocket-connection.js'
import { jsonOf } from './websocket-frames.js'
import { insertMessage, isWantedElsewhere, readMessages, type SocketMessage } from './websocket-message-store.js'
import type { SocketRegistry } from './websocket-registry.js'
import type { SocketTarget } from './websocket-types.js'

/** Of one message as JSON. */
const MOST_BYTES = 256 * 1024

/** Takes what server code sends to the connections it is for, at whichever nodes they are. */
export interface Messages {
  /** @throws SallyportError `payload_too_large`, `unavailable` */
  send(target: SocketTarget, message: unknown): Promise<void>
  /** Before a connection is let in where there is none: what is sent from now on is for it too, and nothing before. */
  begin(): Promise<void>
  /** Reads what others have sent, if anybody here could want it. */
  fetch(): Promise<void>
}

export function createMessages(parts: {
  readonly storage: Storage
  readonly nodeId: string
  readonly registry: SocketRegistry
  readonly hints: RevocationService['hints']
}): Messages {
  const { storage, nodeId, registry, hints } = parts
  let from: number | null = null
  let delivered = new Set<number>()

  function deliver({ kind, tenantId, target, body }: SocketMessage): void {
    for (const connection of receivers(kind, target)) {
      if (connection.identity.tenantId === tenantId) connection.sendText(body)
    }
  }

  function receivers(kind: SocketMessage['kind'], target: string): readonly Connection[] {
    if (kind === 'user') return registry.ofUser(target)
    return kind === 'session' ? registry.ofSession(target) : registry.ofTenant(target)
  }

  const read = oneAtATime(async () => {
    // The database was gone when the first connection was let in.
    if (from === null) return begin()
    const found = await readMessages(allTenants(), storage.db, storage, nodeId, from)
    const before = delivered
    delivered = new Set(found.messages.map(({ seq }) => seq))
    from = found.from
    for (const message of found.messages) if (!before.has(message.seq)) deliver(message)
  })

  const start = oneAtATime(async () => {
    const { from: floor } = await readMessages(allTenants(), storage.db, storage, nodeId, null)
    // A long transaction anywhere holds the floor down: what stands above it may be older than whoever comes.
    const { messages } = await readMessages(allTenants(), storage.db, storage, nodeId, floor)
    // Somebody was let in meanwhile: what has been sent since is for them.
    if (from !== null && registry.size > 0) return
    from = floor
    delivered = new Set(messages.map(({ seq }) => seq))
  })

  /** What was sent while nobody was here is for nobody: also not for who comes before it is cleaned up. */
  async function begin(): Promise<void> {
    if (from === null || registry.size === 0) await start()
  }

  return {
    begin,
    fetch: read,

    async send(target, content) {
      const message = messageOf(target, content)
      const scope = oneTenant(message.tenantId)
      if (await isWantedElsewhere(scope, storage.db, storage, nodeId, message)) {
        await storage.transaction(async (tx) => {
          await insertMessage(scope, tx, storage, nodeId, message)
          await hints.announce(tx)
        })
        hints.publish()
      }
      deliver(message)
    },
  }
}

function messageOf(target: SocketTarget, content: unknown): SocketMessage {
  const body = jsonOf(content)
  if (Buffer.byteLength(body) > MOST_BYTES) throw new SallyportError('payload_too_large')
  const { tenantId = DEFAULT_TENANT_ID } = target
  if ('userId' in target) return { kind: 'user', tenantId, target: target.userId, body }
  if ('sessionId' in target) return { kind: 'session', tenantId, target: target.sessionId, body }
  return { kind: 'tenant', tenantId, target: tenantId, body }
}
