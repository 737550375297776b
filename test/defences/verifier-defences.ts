import type { Edit } from '../planting/source-copy.js'
import type { Defence } from './defences.js'

const TOKENS = 'test/verifier/tokens.test.ts'
const KEYS = 'test/verifier/keys.test.ts'
const FEED = 'test/verifier/feed.test.ts'
const VIEW = 'src/verifier/feed-view.test.ts'
const ACCESS_TOKEN = 'crypto/access-token.ts'
const OF_ITS_KEY = 'if (key === null || key.algorithm !== header.alg) throw invalid()'
const SIGNED = 'if (!isSigned(key, text.slice(0, head.length + 1 + body.length), decode(signature))) throw invalid()'

const TAKEN = 'await verifyAccessToken(text, expected, clock.now())'

/** As a verifier would that lets the token say what is expected of it. */
function claimed(claim: string, expectation: string): string {
  const body = "Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()"
  const said = `/"${claim}":"([^"]*)"/.exec(${body})?.[1] ?? expected.${expectation}`
  return `await verifyAccessToken(text, { ...expected, ${expectation}: ${said} }, clock.now())`
}

function defence(name: string, file: string, from: string, to: string, ...tests: string[]): Defence {
  return defenceOf(name, [{ file, from, to }], tests)
}

function defenceOf(name: string, edits: readonly Edit[], tests: readonly string[]): Defence {
  return { name: `verifier: ${name}`, edits, tests }
}

export const VERIFIER_DEFENCES: readonly Defence[] = [
  defenceOf(
    'no token without a signature',
    [
      {
        file: ACCESS_TOKEN,
        from: OF_ITS_KEY,
        to: "if (key === null || (key.algorithm !== header.alg && header.alg !== 'none')) throw invalid()",
      },
      { file: ACCESS_TOKEN, from: SIGNED, to: SIGNED.replace('if (', "if (header.alg !== 'none' && ") },
    ],
    [TOKENS],
  ),
  defenceOf(
    'no public key as a secret',
    [
      {
        file: ACCESS_TOKEN,
        from: OF_ITS_KEY,
        to: "if (key === null || (key.algorithm !== header.alg && header.alg !== 'HS256')) throw invalid()",
      },
      {
        file: ACCESS_TOKEN,
        from: SIGNED,
        to: SIGNED.replace(
          'isSigned(key,',
          "isSigned({ ...key, algorithm: header.alg === 'HS256' ? 'HS256' : key.algorithm },",
        ),
      },
      {
        file: ACCESS_TOKEN,
        from: "createHmac('sha256', key.verificationKey)",
        to: "createHmac('sha256', key.verificationKey.type === 'secret' ? key.verificationKey : key.verificationKey.export({ format: 'pem', type: 'spki' }))",
      },
    ],
    [TOKENS],
  ),
  defence('audience', 'verifier/verifier.ts', TAKEN, claimed('aud', 'audience'), TOKENS),
  defence('issuer', 'verifier/verifier.ts', TAKEN, claimed('iss', 'issuer'), TOKENS),
  defence(
    'the end of a token that is remembered',
    'verifier/verifier.ts',
    "if (clock.now() >= entry.expiresAt) throw new SallyportError('token_expired')",
    '',
    TOKENS,
    KEYS,
  ),
  defence(
    'tenant',
    'verifier/verifier.ts',
    'if (tenantHeader !== null && tenantHeader.toLowerCase() !== identity.tenantId) {',
    "if (tenantHeader === '') {",
    TOKENS,
  ),
  defence(
    'guests',
    'verifier/verifier.ts',
    "if (isGuest && settings.guests === 'refuse') throw",
    "if (isGuest && settings.guests !== 'refuse') throw",
    TOKENS,
  ),
  defence('binding', 'verifier/verifier.ts', "claims.bnd?.includes(':')", "claims.bnd === ':'", TOKENS),
  defence(
    'keys that are taken back',
    'verifier/verifier.ts',
    'if (known?.generation === keys.generation()) return known',
    'if (known !== undefined) return known',
    KEYS,
  ),
  defence(
    'keys that nobody has seen for a day',
    'verifier/keys.ts',
    'if (age() > maxStale) throw unavailable()',
    '',
    KEYS,
  ),
  defence(
    'requests for keys that strangers cause',
    'verifier/keys.ts',
    'if (key !== undefined) return key\n      if (running !== null || mayAsk()) await fetchOnce()',
    'if (key !== undefined) return key\n      await fetchOnce()',
    KEYS,
  ),
  defence('keys of where they have to be', 'verifier/fetch-text.ts', "redirect: 'error'", "redirect: 'follow'", KEYS),
  defence('size of a key set', 'verifier/fetch-text.ts', 'if (size > LARGEST) {', 'if (size < 0) {', KEYS),
  defence('strength of a key', 'verifier/key-set.ts', '(bits < SHORTEST_RSA || bits > LONGEST_RSA)', 'bits < 0', KEYS),
  defence('algorithms that are named', 'verifier/key-set.ts', ' && algorithms.includes(algorithm)', '', KEYS, TOKENS),
  defence(
    'ended sessions',
    'verifier/feed-view.ts',
    "if (this.#sessions.has(identity.sessionId)) throw new SallyportError('session_revoked')",
    '',
    FEED,
    VIEW,
  ),
  defence(
    'ended accounts',
    'verifier/feed-view.ts',
    "if (account.digest === null) throw new SallyportError('session_revoked')",
    'if (account.digest === null) return true',
    FEED,
    VIEW,
  ),
  defence(
    'changed accounts',
    'verifier/feed-view.ts',
    'if (account.digest !== accountDigest(identity)) return false',
    '',
    FEED,
    VIEW,
  ),
  defence(
    'ended tenants',
    'verifier/feed-view.ts',
    'return tenant === undefined || issuedAt > tenant.at',
    'return true',
    VIEW,
  ),
  defence(
    'age of what was heard',
    'verifier/open-feed.ts',
    "if (isHeard() || onOutage === 'continue') return",
    'if (Number.isFinite(heardUntil) || onOutage === "continue") return',
    FEED,
  ),
  defence(
    'sleep of the machine',
    'verifier/open-feed.ts',
    'const hasSlept = Math.abs(clock.now() - heardAtWall) > redis.maxStaleness + clockTolerance',
    'const hasSlept = false',
    FEED,
  ),
  defence(
    'entries that come late',
    'verifier/open-feed.ts',
    'const late = Math.max(0, clock.now() - entry.time - clockTolerance)',
    'const late = 0',
    FEED,
  ),
  defence(
    'the certificate of Redis',
    'storage/redis/redis-session.ts',
    'socket: tls ? { ...common, tls: true } : common,\n    disableOfflineQueue',
    'socket: tls ? { ...common, tls: true, rejectUnauthorized: false } : common,\n    disableOfflineQueue',
    'test/verifier/feed-over-tls.test.ts',
  ),
]
