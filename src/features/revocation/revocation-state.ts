import type { Change } from './revocation-types.js'

/** Counts what this node has applied, one by one: an integer, so that no clock has a say in what came first. */
export type Position = number

interface Mark {
  /** Milliseconds, for forgetting and for comparing with a token's issue. */
  readonly at: number
  readonly position: Position
}

/** What a node knows to have ended or changed. Pure: no clock, no input or output. */
export class RevocationState {
  #position: Position = 0
  readonly #sessions = new Map<string, Mark>()
  readonly #users = new Map<string, Mark>()
  readonly #tenants = new Map<string, Mark>()

  get position(): Position {
    return this.#position
  }

  /** How many facts are held. */
  get size(): number {
    return this.#sessions.size + this.#users.size + this.#tenants.size
  }

  /** Applies a change; doing so twice does no harm. @param at milliseconds */
  apply({ kind, subject }: Change, at: number): void {
    const mark = { at, position: ++this.#position }
    if (kind === 'session') this.#sessions.set(subject, mark)
    else if (kind === 'user' || kind === 'claims') this.#users.set(subject, mark)
    else if (kind === 'tenant') this.#tenants.set(subject, mark)
  }

  isEnded(sessionId: string): boolean {
    return this.#sessions.has(sessionId)
  }

  /** True where something read at `position` may have changed since. */
  hasChangedSince(
    position: Position,
    read: { readonly id: string; readonly userId: string; readonly tenantId: string },
  ): boolean {
    // Nothing at all has happened: by far the most frequent answer.
    if (position === this.#position) return false
    const marks = [this.#sessions.get(read.id), this.#users.get(read.userId), this.#tenants.get(read.tenantId)]
    return marks.some((mark) => mark !== undefined && mark.position > position)
  }

  /** When the account or its claims last changed, as far as is remembered; milliseconds. */
  changedAt(userId: string): number | null {
    return this.#users.get(userId)?.at ?? null
  }

  /** Forgets what is older than `until` (milliseconds): nothing that it concerns is alive any more. */
  forget(until: number): void {
    for (const marks of [this.#sessions, this.#users, this.#tenants]) {
      for (const [id, { at }] of marks) if (at < until) marks.delete(id)
    }
  }
}
