import type { Change, ChangeKind } from './revocation-types.js'

/** Counts what this node has applied, one by one: an integer, so that no clock has a say in what came first. */
export type Position = number

interface Mark {
  /** Milliseconds, for forgetting and for comparing with a token's issue. */
  readonly at: number
  readonly position: Position
  /** The feed's own place of it; 0 for what only this node has said so far. */
  readonly mark: number
}

/** The subjects of what is remembered. */
export interface Held {
  readonly sessions: Iterable<string>
  readonly users: Iterable<string>
  /** With the time of the change, milliseconds. */
  readonly tenants: Iterable<readonly [string, number]>
}

/** What a node knows to have ended or changed. Pure: no clock, no input or output. */
export class RevocationState {
  #position: Position = 0
  readonly #sessions = new Map<string, Mark>()
  readonly #users = new Map<string, Mark>()
  readonly #tenants = new Map<string, Mark>()
  /** Committed by this node and not yet seen in the feed. */
  readonly #own = new Map<string, Position>()
  /** Changes whose mark is lower may be unknown here. */
  #knownFrom = Number.POSITIVE_INFINITY

  get position(): Position {
    return this.#position
  }

  /** How many facts are held. */
  get size(): number {
    return this.#sessions.size + this.#users.size + this.#tenants.size
  }

  held(): Held {
    const tenants = [...this.#tenants].map(([id, { at }]) => [id, at] as const)
    return { sessions: this.#sessions.keys(), users: this.#users.keys(), tenants }
  }

  /** Applies a change of the feed; doing so twice does no harm. @param at milliseconds */
  apply({ kind, subject }: Change, at: number, mark: number): void {
    const marks = this.#marksOf(kind)
    if (marks === null) this.#position++
    else marks.set(subject, { at, position: ++this.#position, mark: Math.max(mark, marks.get(subject)?.mark ?? 0) })
  }

  /** Applies a change that this node has committed, ahead of the feed. @param at milliseconds */
  applyOwn(change: Change, at: number): void {
    this.apply(change, at, 0)
    this.#own.set(change.subject, this.#position)
  }

  /** True where this node has committed a change of the subject that the feed has not shown yet. */
  isOwn(subject: string): boolean {
    return this.#own.has(subject)
  }

  /** The feed has been read, from a moment when `position` held: what this node had committed by then was in it. */
  settle(position: Position): void {
    for (const [subject, own] of this.#own) if (own <= position) this.#own.delete(subject)
  }

  /** Of changes with marks below `floor` nothing is known, or nothing for certain. */
  knowFrom(floor: number): void {
    this.#knownFrom = floor
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

  /** True where something read at `floor`, by whatever node, may have changed since. */
  hasChangedSinceFloor(
    floor: number,
    read: { readonly id: string; readonly userId: string; readonly tenantId: string },
  ): boolean {
    if (floor < this.#knownFrom) return true
    if ([read.id, read.userId, read.tenantId].some((subject) => this.#own.has(subject))) return true
    const marks = [this.#sessions.get(read.id), this.#users.get(read.userId), this.#tenants.get(read.tenantId)]
    return marks.some((known) => known !== undefined && known.mark >= floor)
  }

  /**
   * When the account or its claims last changed, as far as is remembered; milliseconds of the database's clock, which
   * for a change of our own the feed alone tells: until then it is later than anything.
   */
  changedAt(userId: string): number | null {
    if (this.#own.has(userId)) return Number.POSITIVE_INFINITY
    return this.#users.get(userId)?.at ?? null
  }

  /** Forgets what is older than `until` (milliseconds): nothing that it concerns is alive any more. */
  forget(until: number): void {
    for (const marks of [this.#sessions, this.#users, this.#tenants]) {
      for (const [id, { at, mark }] of marks) {
        if (at >= until) continue
        marks.delete(id)
        this.#knownFrom = Math.max(this.#knownFrom, mark + 1)
      }
    }
  }

  #marksOf(kind: ChangeKind): Map<string, Mark> | null {
    if (kind === 'session') return this.#sessions
    if (kind === 'user' || kind === 'claims') return this.#users
    return kind === 'tenant' ? this.#tenants : null
  }
}
