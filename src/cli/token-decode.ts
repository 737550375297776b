import { defineCommand } from 'citty'
import { z } from 'zod'
import { SallyportError } from '../contract/sallyport-error.js'
import { parseToken } from '../features/tokens/token-service.js'
import { safeText } from '../runtime/log-safety.js'
import { answer } from './output.js'
import { readSecretInput } from './read-password.js'
import { configOption, jsonOption } from './shared-options.js'
import { type Verification, verifyJwt } from './verify-jwt.js'

export const tokenDecodeCommand = defineCommand({
  meta: { name: 'decode', description: 'Show what a token says, and for a JWT whether it is genuine' },
  args: {
    token: { type: 'positional', required: true, description: 'The token, or - to read it from standard input' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const token = (args.token === '-' ? await readSecretInput(process.stdin, 'token') : args.token).trim()
    const opaque = parseToken(token)
    if (opaque !== null) {
      const { kind, sessionId, tenantId, counter, keyId } = opaque
      const document = { kind, session_id: sessionId, tenant_id: tenantId, counter, key_id: keyId, verified: null }
      answer(args.json, document, [
        `${kind === 'access' ? 'Opaque access token' : 'Refresh token'} of session ${sessionId}`,
        `tenant ${tenantId}, pair ${counter}, key ${keyId}`,
        'This is what the token says of itself: whether it is genuine and its session lives is not looked up.',
      ])
      return
    }
    const jwt = decodeJwt(token)
    if (jwt === null)
      throw new SallyportError('invalid_token', { detail: 'This is neither a JWT nor a token of Sallyport.' })
    const verification = await verifyJwt(token, args.config)
    answer(args.json, { kind: 'jwt', ...jwt, ...verification }, [
      ...JSON.stringify({ header: jwt.header, claims: jwt.claims }, null, 2).split('\n').map(safeText),
      ...times(jwt.claims),
      sentence(verification),
    ])
  },
})

const members = z.record(z.string(), z.unknown())
type Members = z.output<typeof members>

/** Header and claims of a compact JWS (RFC 7515 §7.1); nothing of it is believed. */
function decodeJwt(token: string): { readonly header: Members; readonly claims: Members } | null {
  const parts = token.split('.')
  if (parts.length !== 3) return null
  const [header, claims] = parts.slice(0, 2).map(decodeSegment)
  return header && claims ? { header, claims } : null
}

function decodeSegment(segment: string): Members | null {
  if (!/^[A-Za-z0-9_-]+$/.test(segment)) return null
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(segment, 'base64url'))
    return members.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

function times(claims: Members): string[] {
  const names = { iat: 'issued', nbf: 'not before', exp: 'expires' }
  return Object.entries(names).flatMap(([claim, name]) => {
    const at = z.number().min(0).max(8.64e12).safeParse(claims[claim]).data
    return at === undefined ? [] : [`${name} ${new Date(at * 1000).toISOString()}`]
  })
}

function sentence({ verified, code, reason }: Verification): string {
  if (verified === true) return 'It is genuine and in time. Whether its session still lives is not looked up.'
  if (verified === false) return `It is refused: ${code}. ${reason ?? ''}`.trimEnd()
  return `It was not verified: ${reason}`
}
