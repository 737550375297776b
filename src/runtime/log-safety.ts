import type { LogFields } from './logger.js'

const CONFIDENTIAL_NAME =
  /passw(?:or)?d|passphrase|secret|(?:^|_|-)(?:access|refresh|session|csrf|id|api)?_?-?tokens?$|Token$|^authorization$|^proxy-authorization$|cookie|^(?:private|master|sealing)_?key$|api_?-?key|^otp$|^(?:mfa|totp)_?code$/i

/** Our own tokens, and JWTs, wherever they stand in a text. */
const TOKEN_IN_TEXT = /\b(sp[srkt]_)[A-Za-z0-9_.-]{8,}|\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g

const PASSWORD_IN_URL = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]*):[^\s/]*@/gi

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const MAXIMUM_DEPTH = 6
const MAXIMUM_TEXT = 4096

export const REDACTED = '[redacted]'

/** A text for one line of a log: no secret, no line break, no terminal sequence, no reordering of letters. */
export function safeText(text: string): string {
  return text
    .slice(0, MAXIMUM_TEXT)
    .replace(TOKEN_IN_TEXT, (_, prefix: string | undefined) => `${prefix ?? ''}${REDACTED}`)
    .replace(PASSWORD_IN_URL, `$1:${REDACTED}@`)
    .replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A copy of `fields` in which whatever is named like a secret is gone and every text is safe. */
export function safeFields(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [safeText(name), safeMember(name, value, 0)]))
}

function safeMember(name: string, value: unknown, depth: number): unknown {
  if (CONFIDENTIAL_NAME.test(name) && value !== null && value !== undefined && typeof value !== 'boolean')
    return REDACTED
  return safeValue(value, depth + 1)
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value
  if (depth > MAXIMUM_DEPTH) return '[deeper]'
  if (value instanceof Error) return safeError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return '[bytes]'
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => safeValue(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [safeText(name), safeMember(name, member, depth)]),
  )
}

/** Only what tells where and why: other members of an error may hold rows and parameters. */
function safeError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined
  return {
    type: safeText(error.name),
    message: safeText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: frames(error.stack),
    ...(error.cause === undefined || error.cause === null ? {} : { cause: safeValue(error.cause, depth + 1) }),
  }
}

/** The frames alone: the lines above them repeat the message, which somebody else may have written. */
function frames(stack: string | undefined): string[] {
  const lines = stack?.split('\n') ?? []
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => safeText(line.trim()))
}
