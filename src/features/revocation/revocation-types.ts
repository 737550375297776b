/**
 * What ends or alters what a node believes: a session that was ended, a user whose credentials have a new version,
 * claims that are stale (roles, name) without anybody being signed out, a tenant, the keys.
 */
export type ChangeKind = 'session' | 'user' | 'claims' | 'tenant' | 'key'

export interface Change {
  readonly kind: ChangeKind
  readonly tenantId: string
  /** The id of the session, user, tenant or key. */
  readonly subject: string
  /** Why a session ended; where the same act opened another in its place, `successor` is that one. */
  readonly reason?: string
  readonly successor?: string
}

/** Who is told of changes as this node learns of them. Nothing of it throws or waits. */
export interface FeedListener {
  /** A change, its own or another node's. The same may come twice. @param at milliseconds by the database's clock */
  changed(change: Change, at: number): void
  /** Changes may have been missed for good: whatever is held has to be looked at anew. */
  missed(): void
  /** The feed has been read, hint or no hint: all that was committed before has been told, or is held since the first read. */
  synced(reading: FeedReading): void
}

/** A look at the feed. */
export interface FeedReading {
  /** The database's time, milliseconds. */
  readonly now: number
  /** Which run of which server answered; empty where there is none. */
  readonly server: string
}

/** A change as the database keeps it. */
export interface RecordedChange extends Change {
  readonly seq: number
  /** Its place among commits: the transaction on PostgreSQL, `seq` on SQLite. What was read above it has it. */
  readonly mark: number
  /** The database's time, milliseconds. */
  readonly at: number
}
