import type { Identity } from '../../contract/identity.js'
import { authMethodsOf } from '../../runtime/auth-method-list.js'
import { PackedCache } from '../../runtime/packed-cache.js'
import { PackedReader, PackedWriter } from '../../runtime/packed-values.js'
import { permissionsOf, rolesOf } from '../access/access-service.js'
import { type JwtKind, type JwtSettings, kindOf } from './token-settings.js'

/** A JWT whose signature was found to be right. */
export interface Verified {
  /** SHA-256 of the token, a character for each byte: memory holds no token. */
  readonly digest: string
  /** Never handed out: it is the same for every call with the token. Its lists are frozen. */
  readonly identity: Identity
  readonly kind: JwtKind
  /** Milliseconds, cut to the second. */
  readonly issuedAt: number
  /** Of the keyring: another one asks for another verification. */
  readonly generation: number
  /** When the last use was noted, milliseconds. */
  notedAt: number
  readonly boundTo: string | undefined
  /** What of a call has met the binding before, as far as is remembered: it does so for ever. */
  metBy: string | null
}

const DIGEST_BYTES = 32
/** Some 60,000 tokens; to verify a signature costs a hundred times a look-up. */
const MOST_BYTES = 16 * 1024 * 1024

/** The JWTs that were verified last, each in some 250 bytes. */
export class VerifiedTokens {
  readonly #tokens: PackedCache<Verified, string>

  constructor(settings: JwtSettings) {
    const packing = { pack, unpack: (packed: string) => unpack(packed, settings), bytesOf: byteLength }
    this.#tokens = new PackedCache<Verified, string>(packing, MOST_BYTES)
  }

  get(digest: string): Verified | null {
    const verified = this.#tokens.get(placeOf(digest))
    return verified?.digest === digest ? verified : null
  }

  set(verified: Verified): void {
    this.#tokens.set(placeOf(verified.digest), verified)
  }
}

/** The first 32 bits of a digest. Two tokens that share them take turns. */
function placeOf(digest: string): number {
  const [first, second, third] = [digest.charCodeAt(0), digest.charCodeAt(1), digest.charCodeAt(2)]
  return (first << 24) | (second << 16) | (third << 8) | digest.charCodeAt(3)
}

function byteLength(packed: string): number {
  return packed.length
}

const writer = new PackedWriter()

function pack({ digest, identity, issuedAt, generation, notedAt, boundTo }: Verified): string {
  return writer
    .start()
    .raw(digest)
    .id(identity.userId)
    .id(identity.tenantId)
    .id(identity.sessionId)
    .text(identity.email)
    .flag(identity.emailVerified)
    .text(identity.username)
    .text(identity.roles.join(','))
    .flag(identity.isGuest)
    .number(identity.createdAt)
    .text(identity.authMethods.join(','))
    .number(identity.authTime)
    .number(identity.expiresAt)
    .number(issuedAt)
    .number(generation)
    .number(notedAt)
    .text(boundTo ?? null)
    .characters()
}

function unpack(packed: string, settings: JwtSettings): Verified {
  const from = new PackedReader(packed)
  const digest = from.raw(DIGEST_BYTES)
  const userId = from.id()
  const tenantId = from.id()
  const sessionId = from.id()
  const email = from.textOrNull()
  const emailVerified = from.flag()
  const username = from.text()
  const roles = rolesOf(from.text())
  const identity: Identity = {
    userId,
    tenantId,
    sessionId,
    email,
    emailVerified,
    username,
    roles,
    permissions: permissionsOf(roles),
    isGuest: from.flag(),
    createdAt: from.number(),
    authMethods: authMethodsOf(from.text()),
    authTime: from.number(),
    expiresAt: from.number(),
    tokenFormat: 'jwt',
  }
  const issuedAt = from.number()
  const generation = from.number()
  const notedAt = from.number()
  const boundTo = from.textOrNull() ?? undefined
  from.end()
  const times = { issuedAt, generation, notedAt }
  return { digest, identity, kind: kindOf(settings, identity), ...times, boundTo, metBy: null }
}
