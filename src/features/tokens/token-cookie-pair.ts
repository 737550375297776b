import { z } from 'zod'
import { SallyportError } from '../../contract/sallyport-error.js'
import { parseToken } from './token-codec.js'
import { looksLikeJwt } from './token-jwt.js'

const named = z.object({ sid: z.string() })

/**
 * Refuses a refresh cookie that does not belong to the session cookie beside it. A neighbour on a sub-domain can plant a
 * `__Secure-` cookie, for this one has a path of its own, and so sign a visitor in as himself; a `__Host-` cookie nobody
 * but this host can set. Both are set together and live equally long. What the session cookie names is only compared,
 * so it is not verified: its key may long be gone.
 * @throws SallyportError `invalid_token`
 */
export function checkCookiePair(refreshToken: string, sessionCookies: readonly string[]): void {
  const sessionId = parseToken(refreshToken)?.sessionId
  const isPair = sessionId !== undefined && sessionCookies.some((token) => sessionNamedIn(token) === sessionId)
  if (isPair) return
  throw new SallyportError('invalid_token', {
    detail: 'The refresh cookie counts only together with the session cookie that was set with it.',
  })
}

function sessionNamedIn(accessToken: string): string | null {
  if (!looksLikeJwt(accessToken)) return parseToken(accessToken)?.sessionId ?? null
  try {
    const claims: unknown = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return named.safeParse(claims).data?.sid ?? null
  } catch {
    return null
  }
}
