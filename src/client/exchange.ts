import type { GuestSession, Me, TokenAnswer, User } from '../contract/api-types.js'
import { askCsrf } from './csrf.js'
import { isRecord } from './json.js'
import { type Answer, lifetimeOf, refusalOf, strange } from './refusal.js'
import type { StoredSession } from './storage-types.js'
import type { Surroundings } from './surroundings.js'
import { isLost, type Wire } from './wire.js'

/** Milliseconds in which a token whose answer was lost may be shown again: less than the server's `reuse_grace`. */
const GRACE = 8_000
/** Milliseconds: so short that a second try comes within the grace. */
const FIRST_TRY = 3_000
const MOST_TRIES = 6

export interface Exchange {
  /** The next tokens for those of a session. @throws SallyportClientError */
  next(session: StoredSession): Promise<StoredSession>
  /** Whose a credential is. @throws SallyportClientError */
  whose(session: StoredSession): Promise<User>
}

export function createExchange(wire: Wire, surroundings: Surroundings, transport: 'bearer' | 'cookie'): Exchange {
  const cookies = transport === 'cookie'

  /** A guest has no refresh token, and shows the one it has. */
  async function outgoing(session: StoredSession) {
    const { refreshToken } = session
    const isGuest = cookies ? session.user?.is_guest === true : refreshToken === undefined
    if (isGuest) {
      const headers = cookies ? await askCsrf(wire) : headersOf(session)
      return { id: 'refreshGuest', cookies, headers } as const
    }
    return { id: 'refresh', cookies, input: cookies ? {} : { body: { refresh_token: refreshToken } } } as const
  }

  return {
    async next(session) {
      const began = surroundings.now()
      for (let tries = 1; ; tries++) {
        const sentAt = surroundings.now()
        try {
          const limit = tries === 1 ? { timeout: FIRST_TRY } : {}
          const answer = await wire.askOnce({ ...(await outgoing(session)), ...limit })
          if (answer.status !== 200) throw refusalOf(answer)
          return { user: session.user, ...sessionIn(answer, sentAt) }
        } catch (error) {
          // The token may be spent and its successor lost: it is had by asking again, and soon.
          const age = Math.abs(surroundings.now() - began)
          if (!isLost(error) || age > GRACE || tries === MOST_TRIES) throw error
          await wire.pause(surroundings.random() * 200 * 2 ** tries)
        }
      }
    },
    async whose(session) {
      const { body } = await wire.ask({ id: 'me', cookies, headers: headersOf(session) })
      if (!isMe(body)) throw strange()
      return userOf(body)
    },
  }
}

/** What of a session is shown to be known by. */
export function headersOf({ accessToken }: StoredSession): Record<string, string> {
  return accessToken ? { authorization: `Bearer ${accessToken}` } : {}
}

/**
 * The session that an answer opens or goes on with.
 * @param sentAt when it was asked for: a lifetime counted from then ends early rather than late
 * @throws SallyportClientError `unexpected_answer`
 */
export function sessionIn({ body, headers }: Answer, sentAt: number): StoredSession {
  if (isTokenAnswer(body)) {
    const { access_token, refresh_token, expires_in, user, session } = body
    return {
      accessToken: access_token,
      refreshToken: refresh_token,
      receivedAt: sentAt,
      lifetime: expires_in * 1000,
      user,
      session,
    }
  }
  if (!isGuestSession(body)) throw strange()
  return {
    accessToken: body.token,
    receivedAt: sentAt,
    lifetime: lifetimeOf(body.expires_at, headers),
  }
}

/** The account in a `GET /auth/me`. */
export function userOf({ session_id: _session, auth_methods: _methods, auth_time: _time, ...user }: Me): User {
  return user
}

export function isMe(body: unknown): body is Me {
  return isRecord(body) && typeof body['id'] === 'string' && typeof body['session_id'] === 'string'
}

function isTokenAnswer(body: unknown): body is TokenAnswer {
  return isRecord(body) && typeof body['expires_in'] === 'number' && isRecord(body['user'])
}

function isGuestSession(body: unknown): body is GuestSession {
  return isRecord(body) && typeof body['player_uuid'] === 'string' && typeof body['expires_at'] === 'string'
}
