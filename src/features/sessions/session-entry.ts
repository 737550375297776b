import { authMethodsOf } from '../../runtime/auth-method-list.js'
import { Malformed, PackedReader, PackedWriter } from '../../runtime/packed-values.js'
import { permissionsOf, rolesOf } from '../access/access-service.js'
import { sharedText, spendsText, toSpends } from './session-store.js'
import type { FoundSession, SessionRecord } from './session-types.js'

/** What many sessions have in common: memory holds one of each text. */
export type CommonOfSession = Pick<SessionRecord, 'tenantId' | 'userAgent'>

const writer = new PackedWriter()

/** A session as nodes share it: its values in a fixed order. Another order takes another number in `FORMAT`. */
export function encodeEntry(found: FoundSession): Buffer {
  const { tenantId, userAgent } = found.session
  return writeFound(writer.start().id(tenantId).text(userAgent), found).bytes()
}

/** The session of an entry; null for anything else. */
export function decodeEntry(bytes: Buffer): FoundSession | null {
  try {
    const reader = new PackedReader(bytes.toString('latin1'))
    const tenantId = sharedText(reader.id())
    const userAgent = reader.textOrNull()
    return readFound(reader, { tenantId, userAgent: userAgent === null ? null : sharedText(userAgent) })
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

/** Writes all of a session but what is common. */
export function writeFound(into: PackedWriter, { session, holder, now, floor }: FoundSession): PackedWriter {
  return into
    .id(session.id)
    .id(session.userId)
    .base64(session.salt)
    .number(session.keyId)
    .number(session.counter)
    .text(spendsText(session.spends))
    .number(session.credentialVersion)
    .flag(session.remember)
    .text(session.authMethods.join(','))
    .number(session.authTime)
    .text(session.ipAddress)
    .number(session.createdAt)
    .number(session.lastActivity)
    .number(session.refreshedAt)
    .number(session.refreshExpiresAt)
    .number(session.absoluteExpiresAt)
    .number(session.revokedAt)
    .text(holder.roles.join(','))
    .text(holder.email)
    .flag(holder.emailVerified)
    .text(holder.username)
    .flag(holder.isGuest)
    .number(holder.createdAt)
    .number(holder.credentialVersion)
    .number(holder.disabledAt)
    .number(now)
    .number(floor)
}

/** Reads to the end what `writeFound` wrote. @throws Malformed */
export function readFound(from: PackedReader, { tenantId, userAgent }: CommonOfSession): FoundSession {
  const session = {
    id: from.id(),
    tenantId,
    userId: from.id(),
    salt: from.base64(),
    keyId: from.number(),
    counter: from.number(),
    spends: toSpends(from.text()),
    credentialVersion: from.number(),
    remember: from.flag(),
    authMethods: authMethodsOf(from.text()),
    authTime: from.number(),
    ipAddress: from.textOrNull(),
    userAgent,
    createdAt: from.number(),
    lastActivity: from.number(),
    refreshedAt: from.number(),
    refreshExpiresAt: from.number(),
    absoluteExpiresAt: from.number(),
    revokedAt: from.numberOrNull(),
  }
  const roles = rolesOf(from.text())
  const holder = {
    email: from.textOrNull(),
    emailVerified: from.flag(),
    username: from.text(),
    isGuest: from.flag(),
    createdAt: from.number(),
    credentialVersion: from.number(),
    disabledAt: from.numberOrNull(),
    roles,
    permissions: permissionsOf(roles),
  }
  const found = { session, holder, now: from.number(), floor: from.number() }
  from.end()
  return found
}
