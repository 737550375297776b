import { createHmac } from 'node:crypto'
import type { CallOrigin } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { equalInConstantTime } from '../../crypto/constant-time.js'
import { networkOf } from '../../runtime/client-address.js'
import type { Clock } from '../../runtime/clock.js'
import { agentName } from '../../runtime/device-name.js'
import type { Logger } from '../../runtime/logger.js'
import { recentlyUsed } from '../../runtime/recently-used.js'
import type { AuditService } from '../audit/audit-service.js'
import type { SessionRecord } from './session-types.js'

/** What must still match for a session to be honoured. */
export type BindingKind = 'none' | 'user_agent' | 'network'

type Opened = Pick<SessionRecord, 'id' | 'ipAddress' | 'userAgent'>
type Refused = Pick<SessionRecord, 'id' | 'tenantId' | 'userId'>

/** Holds a session to where it was opened, see `docs/guides/sessions.md`. */
export interface SessionBinding {
  /** False where a session is honoured from anywhere: then a call need not be looked at. */
  readonly isOn: boolean
  /** The part of a call that counts, as it came; null where it is not known. */
  seenIn(call: CallOrigin): string | null
  /** True where the call fits the session's record. A session of which nothing is known is bound to nothing. */
  isMet(session: Opened, seen: string | null): boolean
  /** What a JWT carries of it, and nobody reads: a keyed digest; undefined without a binding. */
  claimOf(session: Opened): string | undefined
  /** As `isMet`, by the claim alone; null where it speaks of another binding, so that the record has to be asked. */
  isClaimMet(claim: string | undefined, sessionId: string, seen: string | null): boolean | null
  /**
   * Refuses a call, and has the audit log say so once a minute for each session. The session goes on: whoever took a
   * token elsewhere must not end it for its owner.
   * @throws SallyportError `reauthentication_required`
   */
  refuse(session: Refused, call: CallOrigin): Promise<never>
}

/** Networks as the internet routes them: whoever moves within one is not noticed. Prefix lengths in bits. */
const NETWORK = { ipv4: 24, ipv6: 48 }
const DIGEST_BYTES = 16
/** Milliseconds. */
const AUDIT_PERIOD = 60_000
const MOST_AUDITED = 10_000
const MOST_VALUES = 10_000

const DETAILS = {
  network: 'This session was opened from another network: sign in again.',
  user_agent: 'This session was opened with another browser or program: sign in again.',
}

/** No binding: sessions are honoured from anywhere. */
export const UNBOUND: SessionBinding = {
  isOn: false,
  seenIn: () => null,
  isMet: () => true,
  claimOf: () => undefined,
  isClaimMet: () => true,
  refuse: () => Promise.reject(new SallyportError('reauthentication_required')),
}

export function createSessionBinding(parts: {
  readonly kind: BindingKind
  /** Keys the digests in tokens; the same on every node. */
  readonly key: Buffer
  readonly audit: AuditService
  readonly clock: Clock
  readonly logger: Logger
}): SessionBinding {
  const { kind, key, audit, clock, logger } = parts
  if (kind === 'none') return UNBOUND
  const values = recentlyUsed<string, { readonly value: string | null }>(MOST_VALUES)
  const audited = recentlyUsed<string, number>(MOST_AUDITED)

  /** What is compared: a network, or a browser or program without its version. */
  function comparable(text: string | null): string | null {
    if (text === null) return null
    const known = values.get(text)
    if (known !== undefined) return known.value
    const value = kind === 'network' ? networkOf(text, NETWORK) : agentName(text)
    values.set(text, { value })
    return value
  }

  const recorded = ({ ipAddress, userAgent }: Opened) => comparable(kind === 'network' ? ipAddress : userAgent)
  /** Of the session too, so that nobody can tell which sessions share a network. */
  const digestOf = (sessionId: string, value: string) =>
    createHmac('sha256', key).update(`${sessionId}\n${kind}\n${value}`).digest().subarray(0, DIGEST_BYTES)

  return {
    isOn: true,
    seenIn: ({ client }) => (kind === 'network' ? client.ipAddress : client.userAgent),

    isMet(session, seen) {
      const value = recorded(session)
      return value === null || value === comparable(seen)
    },

    claimOf(session) {
      const value = recorded(session)
      return value === null ? kind : `${kind}:${digestOf(session.id, value).toString('base64url')}`
    },

    isClaimMet(claim, sessionId, seen) {
      if (claim === kind) return true
      if (claim === undefined || !claim.startsWith(`${kind}:`)) return null
      const value = comparable(seen)
      const expected = Buffer.from(claim.slice(kind.length + 1), 'base64url')
      return value !== null && equalInConstantTime(digestOf(sessionId, value), expected)
    },

    async refuse(session, { client }) {
      const now = clock.now()
      const isTold = Math.abs(now - (audited.get(session.id) ?? Number.NEGATIVE_INFINITY)) < AUDIT_PERIOD
      if (!isTold) {
        audited.set(session.id, now)
        try {
          await audit.transaction((_tx, record) =>
            record({
              type: 'session.mismatched',
              tenantId: session.tenantId,
              actorId: null,
              userId: session.userId,
              sessionId: session.id,
              client,
              data: { binding: kind },
            }),
          )
        } catch (error) {
          // A JWT is refused without the database; what cannot be recorded is refused all the same.
          const cause = error instanceof Error ? error.message : String(error)
          logger.error({ session_id: session.id, cause }, 'a mismatch of a session could not be recorded')
        }
      }
      throw new SallyportError('reauthentication_required', { detail: DETAILS[kind] })
    },
  }
}
