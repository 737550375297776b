import type { Config } from '../../config/config.js'
import { isGuestSession } from '../../contract/guest-session.js'
import type { AuthMethod } from '../../contract/identity.js'
import type { FoundSession, SessionRecord, SessionState, SessionTimes, Spend } from './session-types.js'

/** How long things live, in milliseconds. */
export interface SessionLifetimes {
  /** What access tokens are issued as. */
  readonly mode: 'stateful' | 'stateless'
  /** Opaque access tokens are honoured: in stateful mode, and where what it issued before is accepted. */
  readonly acceptsOpaque: boolean
  /** Sessions that bypass opened are honoured: in bypass mode alone. */
  readonly honoursBypass: boolean
  /** An access token that is a JWT, since its issue. */
  readonly jwt: number
  /** An opaque access token, since the last activity. */
  readonly idle: number
  /** Activity is written at most once in this time for each session. */
  readonly activityInterval: number
  /** The refresh token, since its own issue. */
  readonly refresh: number
  readonly absolute: number
  /** A spent pair is honoured this long. */
  readonly reuseGrace: number
  /** Of a guest: the token since its issue, and the whole session. */
  readonly guest: { readonly token: number; readonly absolute: number }
}

export function sessionLifetimes(config: Config): SessionLifetimes {
  const { session, refresh, jwt, guests } = config.auth
  const mode = config.auth.mode === 'stateless' ? 'stateless' : 'stateful'
  return {
    mode,
    acceptsOpaque: mode === 'stateful' || config.auth.accept.includes('stateful'),
    honoursBypass: config.auth.mode === 'bypass',
    jwt: jwt.accessTokenTtl,
    idle: session.ttl,
    activityInterval: Math.min(60_000, Math.floor(session.ttl / 10)),
    refresh: mode === 'stateless' ? jwt.refreshTokenTtl : session.refreshTokenTtl,
    absolute: session.absoluteTtl,
    reuseGrace: refresh.reuseGrace,
    guest: { token: guests.ttl, absolute: guests.absoluteTtl },
  }
}

/** What decides how long a session lives. */
type Kind = { readonly remember: boolean; readonly authMethods: readonly AuthMethod[] }

/**
 * The lifetime of a refresh token issued now: `remember: false` caps it at the idle lifetime. A guest has none, and
 * `refreshExpiresAt` of the session is the end of the token that was issued last.
 */
export function refreshLifetime(lifetimes: SessionLifetimes, session: Kind): number {
  if (isGuestSession(session)) return Math.min(lifetimes.guest.token, lifetimes.guest.absolute)
  return session.remember ? lifetimes.refresh : Math.min(lifetimes.refresh, lifetimes.idle)
}

export function absoluteLifetime(lifetimes: SessionLifetimes, session: Kind): number {
  return isGuestSession(session) ? lifetimes.guest.absolute : lifetimes.absolute
}

/** When the access token ends if it is not used again. */
export function accessExpiresAt(lifetimes: SessionLifetimes, session: SessionTimes): number {
  // As it was issued, or as a shorter life that is configured since has it.
  if (isGuestSession(session)) return Math.min(session.refreshExpiresAt, session.refreshedAt + lifetimes.guest.token)
  const end =
    lifetimes.mode === 'stateless'
      ? Math.min(session.refreshedAt + lifetimes.jwt, session.refreshExpiresAt)
      : session.lastActivity + lifetimes.idle
  return Math.min(end, session.absoluteExpiresAt)
}

/** When the session ends if it is not used again: the later end of its two tokens, never past the absolute one. */
export function sessionExpiresAt(lifetimes: SessionLifetimes, session: SessionTimes): number {
  return Math.min(Math.max(accessExpiresAt(lifetimes, session), session.refreshExpiresAt), session.absoluteExpiresAt)
}

/**
 * True when the access token has been idle for too long. Activity may stand unwritten for one interval, so that much is
 * given on top: a session in use is never ended, and an idle one ends at most one interval late.
 */
export function isIdle(lifetimes: SessionLifetimes, lastActivity: number, now: number): boolean {
  return now >= lastActivity + lifetimes.idle + lifetimes.activityInterval
}

/** Revoked counts before expired: whoever ended it meant it. */
export function sessionState({ session, holder, now }: FoundSession): SessionState {
  if (session.revokedAt !== null || holder.disabledAt !== null) return 'revoked'
  if (session.credentialVersion !== holder.credentialVersion) return 'revoked'
  const end = isGuestSession(session) ? session.refreshExpiresAt : session.absoluteExpiresAt
  return now >= end ? 'expired' : 'live'
}

/**
 * True when a pair spent at that time is still honoured. A time ahead of the clock (which was set back) counts by its
 * distance: a spent pair must not live on for as long as the clock went back.
 */
export function isWithinGrace(spent: number, now: number, grace: number): boolean {
  return Math.abs(now - spent) < grace
}

/** The spend times worth keeping: those since the last one outside the grace, without a gap, as they are counted by place. */
export function recentSpends(spends: readonly Spend[], now: number, grace: number): readonly Spend[] {
  return spends.slice(spends.findLastIndex(({ at }) => !isWithinGrace(at, now, grace)) + 1)
}

/** How the pair of that number was spent; null when it is the current one, or was spent longer ago than is kept. */
export function spendOf(session: SessionRecord, counter: number): Spend | null {
  if (counter >= session.counter) return null
  return session.spends.at(counter - session.counter) ?? null
}
