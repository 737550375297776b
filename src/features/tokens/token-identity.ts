import type { z } from 'zod'
import type { Identity } from '../../contract/identity.js'
import { isoTime } from '../../runtime/iso-time.js'
import type { FoundSession } from '../sessions/session-types.js'
import type { meAnswer, UserAnswer } from '../users/user-types.js'

/** Who holds a session, as the account stands now. @param expiresAt milliseconds since the epoch */
export function identityOf({ session, holder }: FoundSession, expiresAt: number): Identity {
  return {
    userId: session.userId,
    tenantId: session.tenantId,
    sessionId: session.id,
    email: holder.email,
    emailVerified: holder.emailVerified,
    username: holder.username,
    roles: holder.roles,
    permissions: holder.permissions,
    isGuest: holder.isGuest,
    createdAt: holder.createdAt,
    authMethods: session.authMethods,
    authTime: session.authTime,
    expiresAt,
    tokenFormat: 'opaque',
  }
}

/** The `user` of an answer. */
export function userAnswerOf(identity: Identity): UserAnswer {
  return {
    id: identity.userId,
    email: identity.email,
    username: identity.username,
    email_verified: identity.emailVerified,
    tenant_id: identity.tenantId,
    roles: [...identity.roles],
    permissions: [...identity.permissions],
    is_guest: identity.isGuest,
    created_at: isoTime(identity.createdAt),
  }
}

/** The caller, with what is known of the session. Written out: to spread the answer above costs more than all the rest. */
export function meAnswerOf(identity: Identity): z.output<typeof meAnswer> {
  return {
    id: identity.userId,
    email: identity.email,
    username: identity.username,
    email_verified: identity.emailVerified,
    tenant_id: identity.tenantId,
    roles: [...identity.roles],
    permissions: [...identity.permissions],
    is_guest: identity.isGuest,
    created_at: isoTime(identity.createdAt),
    session_id: identity.sessionId,
    auth_methods: [...identity.authMethods],
    auth_time: isoTime(identity.authTime),
  }
}
