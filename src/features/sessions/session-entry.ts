import { AUTH_METHODS, type AuthMethod, isProven } from '../../contract/identity.js'
import { Memo } from '../../runtime/memo.js'
import { permissionsOf, rolesOf } from '../access/access-service.js'
import { sharedText, spendsText, toSpends } from './session-store.js'
import type { FoundSession } from './session-types.js'

/** Sets of methods: far more than anybody signs in with. */
const MOST_SETS = 1_000

/** A session as nodes share it: its values in a fixed order. Another order takes another number in `FORMAT`. */
export function encodeEntry({ session, holder, now, floor }: FoundSession): Buffer {
  const values = [
    now,
    floor,
    session.id,
    session.tenantId,
    session.userId,
    session.salt,
    session.keyId,
    session.counter,
    spendsText(session.spends),
    session.credentialVersion,
    session.remember,
    session.authMethods.join(','),
    session.authTime,
    session.ipAddress,
    session.userAgent,
    session.createdAt,
    session.lastActivity,
    session.refreshedAt,
    session.refreshExpiresAt,
    session.absoluteExpiresAt,
    holder.email,
    holder.emailVerified,
    holder.username,
    holder.isGuest,
    holder.createdAt,
    holder.credentialVersion,
    holder.roles.join(','),
  ]
  return Buffer.from(JSON.stringify(values))
}

/** The session of an entry, which is neither revoked nor of a disabled account; null for anything else. */
export function decodeEntry(bytes: Buffer): FoundSession | null {
  try {
    const values = new Values(JSON.parse(bytes.toString('utf8')))
    const now = values.number()
    const floor = values.number()
    const session = {
      id: values.text(),
      tenantId: sharedText(values.text()),
      userId: values.text(),
      salt: values.text(),
      keyId: values.number(),
      counter: values.number(),
      spends: toSpends(values.text()),
      credentialVersion: values.number(),
      remember: values.flag(),
      authMethods: methods.of(values.text()),
      authTime: values.number(),
      ipAddress: values.textOrNull(),
      userAgent: toShared(values.textOrNull()),
      createdAt: values.number(),
      lastActivity: values.number(),
      refreshedAt: values.number(),
      refreshExpiresAt: values.number(),
      absoluteExpiresAt: values.number(),
      revokedAt: null,
    }
    const account = {
      email: values.textOrNull(),
      emailVerified: values.flag(),
      username: values.text(),
      isGuest: values.flag(),
      createdAt: values.number(),
      credentialVersion: values.number(),
      disabledAt: null,
    }
    const roles = rolesOf(values.text())
    values.end()
    // A node of another mode may share it: what nobody proved is for each to look up.
    if (!isProven(session.authMethods)) return null
    return { session, holder: { ...account, roles, permissions: permissionsOf(roles) }, now, floor }
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return null
    throw error
  }
}

class Malformed extends Error {}

/** Reads values one by one; each must be what is asked for. */
class Values {
  readonly #values: readonly unknown[]
  #next = 0

  constructor(values: unknown) {
    if (!Array.isArray(values)) throw new Malformed()
    this.#values = values
  }

  text(): string {
    const value = this.#values[this.#next++]
    if (typeof value !== 'string') throw new Malformed()
    return value
  }

  textOrNull(): string | null {
    return this.#values[this.#next] === null ? this.#null() : this.text()
  }

  number(): number {
    const value = this.#values[this.#next++]
    if (typeof value !== 'number') throw new Malformed()
    return value
  }

  flag(): boolean {
    const value = this.#values[this.#next++]
    if (typeof value !== 'boolean') throw new Malformed()
    return value
  }

  /** Nothing is left over. */
  end(): void {
    if (this.#next !== this.#values.length) throw new Malformed()
  }

  #null(): null {
    this.#next++
    return null
  }
}

function toShared(text: string | null): string | null {
  return text === null ? null : sharedText(text)
}

const METHODS: ReadonlyMap<string, AuthMethod> = new Map(AUTH_METHODS.map((method) => [method, method]))

const methods = new Memo((text) => {
  const known = text.split(',').map((word) => METHODS.get(word))
  // One that is not known is of a newer release.
  if (!known.every((method) => method !== undefined)) throw new Malformed()
  return Object.freeze(known)
}, MOST_SETS)
