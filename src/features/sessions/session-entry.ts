import { AUTH_METHODS, type AuthMethod, isProven } from '../../contract/identity.js'
import { permissionsOf } from '../access/access-service.js'
import { spendsText, toSpends } from './session-store.js'
import type { FoundSession } from './session-types.js'

/** A session as nodes share it: its values in a fixed order. Another order takes another number in `FORMAT`. */
export function encodeEntry({ session, holder, now, floor }: FoundSession): Buffer {
  const values = [
    now,
    floor,
    session.id,
    session.tenantId,
    session.userId,
    session.salt.toString('base64'),
    session.keyId,
    session.counter,
    spendsText(session.spends),
    session.credentialVersion,
    session.remember,
    session.authMethods.join(' '),
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
    holder.roles.join(' '),
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
      tenantId: values.text(),
      userId: values.text(),
      salt: Buffer.from(values.text(), 'base64'),
      keyId: values.number(),
      counter: values.number(),
      spends: toSpends(values.text()),
      credentialVersion: values.number(),
      remember: values.flag(),
      authMethods: toMethods(values.text()),
      authTime: values.number(),
      ipAddress: values.textOrNull(),
      userAgent: values.textOrNull(),
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
    const roles = toWords(values.text())
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

function toWords(text: string): string[] {
  return text === '' ? [] : text.split(' ')
}

const METHODS: ReadonlyMap<string, AuthMethod> = new Map(AUTH_METHODS.map((method) => [method, method]))

function toMethods(text: string): AuthMethod[] {
  return toWords(text).map((word) => {
    const method = METHODS.get(word)
    // Of a newer release.
    if (method === undefined) throw new Malformed()
    return method
  })
}
