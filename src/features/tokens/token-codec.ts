import { createHmac } from 'node:crypto'
import { equalInConstantTime } from '../../crypto/constant-time.js'
import { uuidFromBytes, uuidToBytes } from '../../runtime/ids.js'
import type { SessionKey } from '../keys/key-types.js'

/** `sps_` access, `spr_` refresh: prefixes that secret scanners can find. */
export type TokenKind = 'access' | 'refresh'

/** What a token says of itself; nothing of it is believed before `mac` has been checked. */
export interface ParsedToken {
  readonly kind: TokenKind
  readonly tenantId: string
  readonly sessionId: string
  readonly counter: number
  readonly keyId: number
  readonly mac: Buffer
}

export interface TokenSubject {
  readonly tenantId: string
  readonly sessionId: string
  readonly counter: number
}

const PREFIX: Readonly<Record<TokenKind, string>> = { access: 'sps_', refresh: 'spr_' }
const VERSION = 1
const MAC_BYTES = 32
const LOCATOR_BYTES = 1 + 16 + 16 + 6 + 4
/** 75 bytes are 100 characters exactly: no bits are left over that could give a token a second spelling. */
const TOKEN = /^(sps_|spr_)([A-Za-z0-9_-]{100})$/

const ONE_BLOCK = Buffer.from('sallyport/v1/session-tokens\x01', 'latin1')

/**
 * The MAC key of one session, HKDF-SHA256 (RFC 5869) of a keyring key and the session's own salt: neither the database
 * nor one leaked row gives a token away.
 */
function macKey(key: SessionKey, salt: Buffer): Buffer {
  // Extract and expand to one block (its sections 2.2 and 2.3): half the time of `hkdfSync`, which starts a job.
  const extracted = createHmac('sha256', salt).update(key.secret).digest()
  return createHmac('sha256', extracted).update(ONE_BLOCK).digest()
}

function locator(subject: TokenSubject, keyId: number): Buffer {
  const bytes = Buffer.alloc(LOCATOR_BYTES)
  bytes.writeUInt8(VERSION, 0)
  uuidToBytes(subject.tenantId).copy(bytes, 1)
  uuidToBytes(subject.sessionId).copy(bytes, 17)
  bytes.writeUIntBE(subject.counter, 33, 6)
  bytes.writeUInt32BE(keyId, 39)
  return bytes
}

function mac(key: Buffer, label: string, message: Buffer): Buffer {
  return createHmac('sha256', key).update(label).update(message).digest()
}

/**
 * The tokens of a session's pair: MAC (256 bits), version, tenant, session, counter, key id, in base64url. The MAC comes
 * first, so that tokens have no prefix in common but the one that scanners look for.
 */
export function encodePair(
  key: SessionKey,
  salt: Buffer,
  subject: TokenSubject,
): { readonly access: string; readonly refresh: string } {
  const derived = macKey(key, salt)
  const message = locator(subject, key.id)
  const encode = (kind: TokenKind) =>
    PREFIX[kind] + Buffer.concat([mac(derived, PREFIX[kind], message), message]).toString('base64url')
  return { access: encode('access'), refresh: encode('refresh') }
}

/** Reads a token's parts, or null where the text is no token of this version. */
export function parseToken(text: string): ParsedToken | null {
  const [, prefix, body] = TOKEN.exec(text) ?? []
  if (prefix === undefined || body === undefined) return null
  const bytes = Buffer.from(body, 'base64url')
  if (bytes.readUInt8(MAC_BYTES) !== VERSION) return null
  const at = MAC_BYTES + 1
  return {
    kind: prefix === PREFIX.access ? 'access' : 'refresh',
    tenantId: uuidFromBytes(bytes.subarray(at, at + 16)),
    sessionId: uuidFromBytes(bytes.subarray(at + 16, at + 32)),
    counter: bytes.readUIntBE(at + 32, 6),
    keyId: bytes.readUInt32BE(at + 38),
    mac: bytes.subarray(0, MAC_BYTES),
  }
}

/** Six characters of a token have all of the last 32 bits of the session's id, with two bits before and two behind. */
const SESSION_BITS_AT = 4 + 81
const SIX_BITS = new Int32Array(128)
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  SIX_BITS[letter.charCodeAt(0)] = value
}

/** The last 32 bits of the id of the session that a token names, without reading the token. Of any other text, anything. */
export function sessionBitsOf(text: string): number {
  let high = 0
  for (let at = SESSION_BITS_AT; at < SESSION_BITS_AT + 5; at++) high = (high << 6) | bitsOf(text, at)
  return (high << 4) | (bitsOf(text, SESSION_BITS_AT + 5) >> 2)
}

function bitsOf(text: string, at: number): number {
  return SIX_BITS[text.charCodeAt(at)] ?? 0
}

/** True where the token was made with this key for this session. Constant time in the MAC. */
export function isGenuine(token: ParsedToken, key: SessionKey, salt: Buffer): boolean {
  const expected = mac(macKey(key, salt), PREFIX[token.kind], locator(token, key.id))
  return token.keyId === key.id && equalInConstantTime(token.mac, expected)
}

/**
 * The CSRF token of a session: key id and MAC. It lives as long as the session, whatever is refreshed meanwhile, and no
 * other session has it.
 */
export function encodeCsrfToken(key: SessionKey, salt: Buffer, sessionId: string): string {
  return `${key.id}.${mac(macKey(key, salt), 'csrf', uuidToBytes(sessionId)).toString('base64url')}`
}

/** The id of the key that a CSRF token says it was made with; null for what is none. */
export function csrfKeyId(csrfToken: string): number | null {
  const [, id] = /^([0-9]{1,9})\.[A-Za-z0-9_-]{43}$/.exec(csrfToken) ?? []
  return id === undefined ? null : Number(id)
}
