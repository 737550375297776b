import type { ClientContext } from '../../contract/identity.js'

/** The published names of events. Once published, a name stays. */
export type AuditType =
  | 'user.registered'
  | 'user.updated'
  | 'login.succeeded'
  | 'login.failed'
  | 'reauthentication.succeeded'
  | 'reauthentication.failed'
  | 'email.verified'
  | 'email.verification_requested'
  | 'email.change_requested'
  | 'email.changed'
  | 'email.restored'
  | 'registration.repeated'
  | 'password.changed'
  | 'password.reset_requested'
  | 'password.reset'
  | 'magic_link.requested'
  | 'invitation.created'
  | 'invitation.accepted'
  | 'invitation.revoked'
  | 'session.created'
  | 'session.refreshed'
  | 'session.revoked'
  | 'session.expired'
  | 'session.mismatched'
  | 'device.added'
  | 'refresh.reused'
  | 'role.granted'
  | 'role.revoked'
  | 'account.locked'
  | 'account.unlocked'
  | 'account.disabled'
  | 'account.enabled'
  | 'key.rotated'
  | 'guest.created'
  | 'guest.upgraded'
  | 'guest.removed'
  | 'mail.failed'

export interface AuditEvent {
  readonly type: AuditType
  readonly tenantId: string
  /** Who did it; null for a caller that is not known, and for the system itself. */
  readonly actorId: string | null
  /** Whom it concerns. */
  readonly userId: string | null
  readonly sessionId: string | null
  /** Where it came from; null for the command line and the jobs. */
  readonly client: ClientContext | null
  /** Further facts; never a secret, never free text from a request. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>
}

/** Adds events to the transaction in which their causes happen. */
export type RecordEvent = (...events: readonly AuditEvent[]) => Promise<void>
