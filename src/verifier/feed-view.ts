import { SallyportError } from '../contract/sallyport-error.js'
import { accountDigest } from '../crypto/account-digest.js'
import { type FeedEntry, isEarlier, type Look } from '../storage/shared-feed.js'
import type { Judged } from './feed.js'

/** A fact, and until when it matters. */
type Until<Fact> = Fact & { readonly until: number }

interface KnownAccount {
  readonly epoch: string
  readonly look: Look
  readonly digest: string | null
}

/** What was heard of the feed. Pure: no clock, no input or output; times are milliseconds of a clock that never goes back. */
export class FeedView {
  readonly #sessions = new Map<string, Until<object>>()
  readonly #accounts = new Map<string, Until<KnownAccount>>()
  readonly #tenants = new Map<string, Until<{ readonly at: number }>>()
  /** How long a token of an account counts since its issue: for so long its end is remembered. */
  #life: number | null = null

  get size(): number {
    return this.#sessions.size + this.#accounts.size + this.#tenants.size
  }

  /** Adds what an entry says; doing so twice, or out of order, does no harm. */
  apply({ epoch, life, keep, facts }: FeedEntry, now: number): void {
    const until = now + keep
    this.#life = life
    for (const id of facts.sessions) put(this.#sessions, id, { until })
    for (const { userId, look, digest } of facts.accounts) {
      const known = this.#accounts.get(userId)
      // An older look that comes later. Those of another epoch cannot be compared: then the later one counts.
      const isOlder = known !== undefined && known.epoch === epoch && isEarlier(look, known.look)
      if (!isOlder) put(this.#accounts, userId, { epoch, look, digest, until })
    }
    for (const { id, at } of facts.tenants) {
      put(this.#tenants, id, { at: Math.max(at, this.#tenants.get(id)?.at ?? 0), until })
    }
    for (const facts of [this.#sessions, this.#accounts, this.#tenants]) forget(facts, now)
  }

  /**
   * False where the token tells something else than what is known.
   * @throws SallyportError `session_revoked`, `token_expired`
   */
  judge({ identity, issuedAt }: Judged, databaseNow: number): boolean {
    // What happened to a token that old is not remembered.
    if (this.#life !== null && databaseNow >= issuedAt + this.#life) throw new SallyportError('token_expired')
    if (this.#sessions.has(identity.sessionId)) throw new SallyportError('session_revoked')
    const account = this.#accounts.get(identity.userId)
    if (account !== undefined) {
      if (account.digest === null) throw new SallyportError('session_revoked')
      if (account.digest !== accountDigest(identity)) return false
    }
    const tenant = this.#tenants.get(identity.tenantId)
    return tenant === undefined || issuedAt > tenant.at
  }
}

/** Puts it last, so that the map is in the order of the ends. */
function put<Fact>(facts: Map<string, Until<Fact>>, id: string, fact: Until<Fact>): void {
  facts.delete(id)
  facts.set(id, fact)
}

function forget(facts: Map<string, Until<object>>, now: number): void {
  for (const [id, { until }] of facts) {
    if (until > now) return
    facts.delete(id)
  }
}
