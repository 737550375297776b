import type { Edit } from '../planting/source-copy.js'
import { ADAPTER_DEFENCES } from './adapter-defences.js'
import { CLIENT_DEFENCES } from './client-defences.js'
import { MAIL_DEFENCES } from './mail-defences.js'
import { VERIFIER_DEFENCES } from './verifier-defences.js'
import { WEBSOCKET_DEFENCES } from './websocket-defences.js'

/** One defence: what takes it out, and the tests of which one must then fail. */
export interface Defence {
  readonly name: string
  readonly edits: readonly Edit[]
  /** Files below the project's folder. */
  readonly tests: readonly string[]
}

function defence(name: string, file: string, from: string, to: string, ...tests: string[]): Defence {
  return { name, edits: [{ file, from, to }], tests }
}

const CROSS_SITE = 'test/security/cross-site.test.ts'
const HEADER = 'test/security/jwt-header.test.ts'
const CLAIMS = 'test/security/jwt-claims.test.ts'
const NODE = 'src/adapters/node.test.ts'

export const DEFENCES: readonly Defence[] = [
  defence(
    'Origin of the cross-site guard',
    'http/csrf.ts',
    'if (origin !== null && !origins.isAllowed(origin, host)) {',
    'if (origin !== null && origin === host) {',
    CROSS_SITE,
  ),
  defence(
    'Fetch-Metadata',
    'http/csrf.ts',
    'const isOwnSite = site === null ||',
    "const isOwnSite = site !== '\\u0000' ||",
    CROSS_SITE,
  ),
  defence(
    'CSRF token',
    'http/csrf.ts',
    'if (!token || !(await csrf.verify(request.identity, token))) {',
    'if (!token) {',
    CROSS_SITE,
  ),
  defence(
    'CSRF token of its own session',
    'features/tokens/token-codec.ts',
    "mac(macKey(key, salt), 'csrf', uuidToBytes(sessionId))",
    "mac(Buffer.from(key.secret), 'csrf', Buffer.alloc(sessionId.length + salt.length))",
    CROSS_SITE,
  ),
  defence(
    'exact origins of CORS',
    'http/cors.ts',
    'if (origin === null || !origins.readers.has(origin)) return',
    'if (origin === null) return',
    'src/http/cors.test.ts',
  ),
  defence(
    'comparison of a MAC over its whole length',
    'crypto/constant-time.ts',
    'return left.length === right.length && timingSafeEqual(left, right)',
    'return timingSafeEqual(left.subarray(0, 4), right.subarray(0, 4))',
    CROSS_SITE,
    'src/features/tokens/token-codec.test.ts',
  ),
  defence(
    'JWT: signature',
    'crypto/access-token.ts',
    'if (!isSigned(key, text.slice(0, head.length + 1 + body.length), decode(signature))) throw invalid()',
    'if (decode(signature).length === 0) throw invalid()',
    'test/security/jwt-spelling.test.ts',
  ),
  defence(
    'JWT: the algorithm of its key alone',
    'crypto/access-token.ts',
    'if (key === null || key.algorithm !== header.alg) throw invalid()',
    'if (key === null) throw invalid()',
    HEADER,
  ),
  defence(
    'JWT: no further members in its header',
    'crypto/access-token.ts',
    'const joseHeader = z.strictObject({',
    'const joseHeader = z.object({',
    HEADER,
  ),
  defence(
    'JWT: type of the token',
    'crypto/access-token.ts',
    'typ: z.literal(ACCESS_TOKEN_TYPE)',
    'typ: z.string().optional()',
    HEADER,
  ),
  defence('JWT: issuer', 'crypto/access-token.ts', 'claims.iss === expected.issuer && ', '', CLAIMS),
  defence('JWT: audience', 'crypto/access-token.ts', 'claims.aud === expected.audience && ', '', CLAIMS),
  defence('JWT: not before', 'crypto/access-token.ts', 'claims.nbf > latest || ', '', CLAIMS),
  defence('JWT: issued in the future', 'crypto/access-token.ts', ' || claims.iat > latest', '', CLAIMS),
  {
    // Looked at twice: when a token is verified, and whenever it is met again.
    name: 'JWT: expiry',
    edits: [
      {
        file: 'crypto/access-token.ts',
        from: 'if (time >= end && !evenIfExpired)',
        to: 'if (time >= end * 1000 && !evenIfExpired)',
      },
      {
        file: 'features/tokens/token-stateless.ts',
        from: "if (time >= identity.expiresAt) throw new SallyportError('token_expired')",
        to: '',
      },
    ],
    tests: [CLAIMS],
  },
  defence(
    'JWT: nothing new under a retired key',
    'crypto/access-token.ts',
    'if (key.signsUntil !== null && claims.iat * 1000 > key.signsUntil) throw invalid()',
    '',
    CLAIMS,
    'test/flows/key-rotation.test.ts',
    HEADER,
  ),
  defence(
    'JWT: one spelling',
    'crypto/access-token.ts',
    "if (segment === '' || bytes.toString('base64url') !== segment) throw invalid()",
    "if (segment === '') throw invalid()",
    'test/security/jwt-spelling.test.ts',
  ),
  defence(
    'tokens: kind',
    'features/tokens/token-opaque.ts',
    'if (token === null || token.kind !== kind)',
    'if (token === null || kind === undefined)',
    'test/security/token-kinds.test.ts',
  ),
  defence(
    'tokens: MAC',
    'features/tokens/token-codec.ts',
    'return token.keyId === key.id && equalInConstantTime(token.mac, expected)',
    'return token.keyId === key.id && expected.length > 0',
    'src/features/tokens/token-codec.test.ts',
    'test/security/confused-credentials.test.ts',
  ),
  defence(
    'tenant of the token',
    'features/tokens/token-opaque.ts',
    'if (header === null || header.toLowerCase() === tenantId) return',
    'if (header === null || header !== tenantId) return',
    'test/flows/tenants.test.ts',
    'test/flows/forward-auth.test.ts',
  ),
  defence(
    'header before cookie',
    'http/credentials.ts',
    "if (authorization !== null) return { token: bearerToken(authorization), source: 'header' }",
    "if (authorization?.startsWith('Bearer sps_')) return { token: bearerToken(authorization), source: 'header' }",
    'test/security/confused-credentials.test.ts',
    'src/http/credentials.test.ts',
  ),
  defence(
    'two cookies of one name',
    'http/credentials.ts',
    'if (values.length > 1) throw',
    'if (values.length > 1000) throw',
    'test/security/cookie-tossing.test.ts',
  ),
  defence(
    'prefix of the session cookie',
    'http/cookies.ts',
    "accessName: secure ? '__Host-session_id' : 'session_id'",
    "accessName: 'session_id'",
    'test/flows/cookies.test.ts',
  ),
  defence(
    'refresh cookie with its session cookie alone',
    'features/tokens/token-service.ts',
    'if (settings.hasHostCookie) checkCookiePair(refreshToken, sessionCookies)',
    'if (settings.hasHostCookie && sessionCookies.length > 99) checkCookiePair(refreshToken, sessionCookies)',
    'test/security/cookie-tossing.test.ts',
  ),
  defence(
    'limit of a body',
    'http/body.ts',
    'if (length > MOST_BODY_BYTES) throw tooLarge()',
    '',
    'src/http/body.test.ts',
    NODE,
  ),
  defence(
    'content type of a body',
    'http/body.ts',
    'if (length === 0) checkMediaType(header)',
    '',
    CROSS_SITE,
    'src/http/body.test.ts',
  ),
  defence(
    'a key twice in a body',
    'http/strict-json.ts',
    "typeof key !== 'string' || keys.has(key)",
    "typeof key !== 'string'",
    'test/security/bad-input.test.ts',
  ),
  defence(
    'depth of a body',
    'http/strict-json.ts',
    'if (open.length === MOST_DEPTH)',
    'if (open.length === MOST_DEPTH * 1000)',
    'test/security/bad-input.test.ts',
  ),
  defence('UTF-8 of a body', 'http/body.ts', 'fatal: true, ', '', 'test/security/bad-input.test.ts'),
  defence(
    'NUL and halves of pairs',
    'http/strict-json.ts',
    "return !text.includes('\\0') && !/[\\uD800-\\uDFFF]/u.test(text)",
    'return text.length >= 0',
    'test/security/bad-input.test.ts',
  ),
  defence(
    'paths as they are sent',
    'adapters/node-request-line.ts',
    "if (DOT_SEGMENT.test(url.replace(/\\?.*$/s, ''))) return new SallyportError('not_found')",
    '',
    NODE,
  ),
  defence(
    'framing: what follows a refusal',
    'adapters/node.ts',
    'if (distrusted.has(incoming.socket)) return',
    '',
    'test/fuzz/frames.test.ts',
    NODE,
  ),
  defence(
    'one Authorization header',
    'adapters/node-request-line.ts',
    "const SINGLE = ['authorization', 'host']",
    "const SINGLE = ['host']",
    NODE,
  ),
  defence(
    'slow clients',
    'adapters/node.ts',
    'const REQUEST_TIMEOUT = 30_000',
    'const REQUEST_TIMEOUT = 3_000_000',
    NODE,
  ),
  defence(
    'work for an account that is not there',
    'features/passwords/password-hashing.ts',
    'const matches = await verify(scope, hash ?? (await standInHash()), normalisePassword(typed), client)',
    'const matches = hash !== null && (await verify(scope, hash, normalisePassword(typed), client))',
    'test/security/account-probing.test.ts',
  ),
  defence(
    'limit for each address',
    'http/rate-limit.ts',
    'if (!decision.allowed) throw',
    'if (!decision.allowed && remaining > 0) throw',
    'test/security/flooding.test.ts',
  ),
  defence(
    'forwarded addresses of strangers',
    'runtime/client-address.ts',
    'while (hops.length > 0 && isTrusted(client, trusted)) {',
    'while (hops.length > 0) {',
    'src/runtime/client-address.test.ts',
    'test/security/flooding.test.ts',
  ),
  defence(
    'what has ended, in memory',
    'features/tokens/token-stateless.ts',
    "if (revocations.isEnded(sessionId)) throw new SallyportError('session_revoked')\n    return null",
    'return null',
    'test/flows/stateless.test.ts',
  ),
  defence(
    'state of a session',
    'features/tokens/token-opaque.ts',
    "if (state === 'revoked') throw new SallyportError('session_revoked')",
    '',
    'test/flows/logout.test.ts',
  ),
  defence(
    'reuse of a refresh token',
    'features/tokens/token-refresh.ts',
    'await sessions.endForReuse(found, token.counter, client)',
    '',
    'test/flows/refresh.test.ts',
  ),
  defence(
    'rotation of a refresh token',
    'features/sessions/session-advance.ts',
    ".whereRef('counter', '=', 'given.pair')",
    ".whereRef('counter', '>=', 'given.pair')",
    'test/flows/refresh-race.test.ts',
    'test/flows/refresh-statement.test.ts',
  ),
  defence(
    'permissions of a route',
    'http/authorization.ts',
    'if (!isPermitted(held, permission)) {',
    "if (!isPermitted(held, permission) && permission === '') {",
    'src/http/http-app.test.ts',
  ),
  defence(
    'sign-in against the version of the credentials',
    'features/sessions/session-insert.ts',
    'users.credential_version = ',
    '0 < ',
    'test/security/account-probing.test.ts',
  ),
  defence(
    'commits on the disk before they are answered',
    'storage/sqlite/sqlite-connection.ts',
    'await this.#journal?.sync()',
    'this.#journal?.sync().catch(() => undefined)',
    'test/stores/sqlite-journal.test.ts',
  ),
  defence(
    'policy of the page',
    'http/document-routes.ts',
    "'content-security-policy': DOCS_CSP",
    "'x-policy': DOCS_CSP",
    'src/http/document-routes.test.ts',
  ),
  defence(
    'headers of every answer',
    'http/security-headers.ts',
    "'x-content-type-options': 'nosniff',",
    '',
    'src/http/security-headers.test.ts',
  ),
  defence(
    'secrets in logs',
    'runtime/log-safety.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    ".replace(TOKEN_IN_TEXT, (_, prefix: string | undefined) => `${prefix ?? ''}${REDACTED}`)",
    '',
    'src/runtime/log-safety.test.ts',
  ),
  ...ADAPTER_DEFENCES,
  ...CLIENT_DEFENCES,
  ...MAIL_DEFENCES,
  ...VERIFIER_DEFENCES,
  ...WEBSOCKET_DEFENCES,
]
