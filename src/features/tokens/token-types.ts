import { z } from 'zod'
import type { ErrorCode } from '../../contract/error-codes.js'
import { type FoundSession, sessionAnswer } from '../sessions/session-types.js'
import { userAnswer } from '../users/user-types.js'

/** How tokens travel: in the body, or as cookies that scripts cannot read. */
export const transport = z
  .enum(['bearer', 'cookie'])
  .meta({ description: '`bearer` answers the tokens in the body; `cookie` sets cookies and leaves them out of it.' })

export type Transport = z.output<typeof transport>

/** What a successful sign-in or refresh answers. Tokens are absent where they travel as cookies. */
export const tokenAnswer = z
  .object({
    access_token: z.string().optional(),
    refresh_token: z.string().optional(),
    session_token: z.string().optional().meta({ description: 'Stateful mode: equal to `access_token`.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds until the access token ends if it is not used.' }),
    expires_at: z.iso.datetime(),
    user_id: z.uuid(),
    user: userAnswer,
    session: sessionAnswer.optional().meta({ description: 'Stateful mode alone.' }),
  })
  .meta({ id: 'TokenAnswer' })

export type TokenAnswer = z.output<typeof tokenAnswer>

/** A pair and what is said about it, before it is decided how it travels. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly sessionId: string
  /** Seconds the refresh token lives; null for cookies that end with the browser's session. */
  readonly cookieMaxAge: number | null
  /** After a sign-in: the cookie by which the browser is known again. */
  readonly device?: string
  /** The answer without the tokens. */
  readonly answer: TokenAnswer
}

/** What came of an attempt to refresh: a new pair, once more the one that was given before, or a refusal's code. */
export type RefreshOutcome = 'success' | 'repeated' | ErrorCode

/** The token of a guest, and the session as it was when the token was made. */
export interface GuestToken {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly found: FoundSession
}

/** An access token in place of the caller's. */
export interface Renewal {
  readonly accessToken: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Seconds that a cookie with it lives; null for one that ends with the browser's session. */
  readonly maxAge: number | null
}

/** Whole seconds, rounded up: the milliseconds between a commit and its answer are no second of a token's life. */
export function secondsUntil(end: number, now: number): number {
  return Math.max(0, Math.ceil((end - now) / 1000))
}

/** What a route answers with. */
export interface TokenReply {
  readonly status: number
  readonly body: TokenAnswer
  readonly cookies?:
    | {
        readonly kind: 'set'
        readonly accessToken: string
        readonly refreshToken: string
        readonly maxAge: number | null
        readonly device?: string
      }
    | { readonly kind: 'clear' }
}

/** The answer of a sign-in or refresh, by the way the caller asked the tokens to travel. */
export function tokenReply(status: number, issued: IssuedTokens, by: Transport): TokenReply {
  const { accessToken, refreshToken, cookieMaxAge, device, answer } = issued
  if (by === 'cookie') {
    const cookies = { kind: 'set', accessToken, refreshToken, maxAge: cookieMaxAge, ...(device && { device }) } as const
    return { status, body: answer, cookies }
  }
  const tokens = { access_token: accessToken, refresh_token: refreshToken }
  const sessionToken = answer.session === undefined ? {} : { session_token: accessToken }
  return { status, body: { ...tokens, ...sessionToken, ...answer } }
}

/** What a browser keeps of the signed-in pages goes with the session (OWASP ASVS 14.3.1). */
const CLEARED = { 'clear-site-data': '"cache"' }

/** The answer of a logout. @param forgetsCookies the browser is to drop its cookies too */
export function logoutReply(forgetsCookies: boolean) {
  const done = { status: 204, headers: CLEARED }
  return forgetsCookies ? ({ ...done, cookies: { kind: 'clear' } } as const) : done
}
