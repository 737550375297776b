import type { CommitHook } from '../audit/audit-service.js'
import type { AuditEvent } from '../audit/audit-types.js'
import type { RevocationService } from './revocation-service.js'
import type { Change, ChangeKind } from './revocation-types.js'

/**
 * What nodes must hear of the acts in one transaction. Whatever ends a session or alters an account is in the audit
 * log, so deriving it from there leaves no act out.
 */
export function changesOf(events: readonly AuditEvent[]): readonly Change[] {
  // Nobody can hold anything of an account that this very transaction makes.
  const made = new Set(
    events.flatMap(({ type, userId }) => (type === 'user.registered' && userId !== null ? [userId] : [])),
  )
  return events.flatMap((event) => {
    const kind = kindOf(event)
    const subject = kind === 'session' ? event.sessionId : kind === 'key' ? 'keys' : event.userId
    if (kind === null || subject === null || made.has(subject)) return []
    return [{ kind, tenantId: event.tenantId, subject, ...(kind === 'session' && endOf(event, events)) }]
  })
}

/** Why a session ended, and what took its place: of a guest who became an account, the account's first session. */
function endOf({ data, userId }: AuditEvent, events: readonly AuditEvent[]): Pick<Change, 'reason' | 'successor'> {
  const reason = data?.['reason']
  if (typeof reason !== 'string') return {}
  const upgrade = events.find((event) => event.type === 'guest.upgraded' && event.userId === userId)
  const isCarried = reason === 'guest_upgraded' && typeof upgrade?.sessionId === 'string'
  return isCarried ? { reason, successor: upgrade.sessionId } : { reason }
}

/** Writes what nodes must hear of into the transaction of its cause. */
export function feedOf(revocations: Pick<RevocationService, 'write'>): CommitHook {
  return {
    concerns: (event) => kindOf(event) !== null,
    write: (tx, events) => revocations.write(tx, changesOf(events)),
  }
}

function kindOf({ type }: AuditEvent): ChangeKind | null {
  switch (type) {
    case 'session.revoked':
      return 'session'
    case 'account.disabled':
    case 'account.enabled':
    case 'email.restored':
    case 'password.changed':
    case 'password.reset':
      return 'user'
    case 'reauthentication.succeeded':
    case 'email.verified':
    case 'email.changed':
    case 'user.updated':
    case 'guest.upgraded':
    case 'role.granted':
    case 'role.revoked':
      return 'claims'
    case 'key.rotated':
      return 'key'
    default:
      return null
  }
}
