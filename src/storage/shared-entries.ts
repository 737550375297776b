/** Grows with what an entry was read from, so that the newer of two can be told. */
export interface EntryVersion {
  /** The feed's mark at the read: every change below it is in the entry. */
  readonly floor: number
  /** The session's own counter. */
  readonly counter: number
}

/** Entries that all nodes share, and that may be lost, late or old: whoever reads one judges for itself. */
export interface SharedEntries {
  /** Null where there is none, and where none can be had quickly. Never throws. */
  read(key: string): Promise<string | null>
  /** Writes in the background, unless a newer version or a tombstone is there. @param lifetime milliseconds */
  offer(key: string, version: EntryVersion, value: string, lifetime: number): void
  /** Leaves a tombstone in the background: for `lifetime` milliseconds nothing can be written there. */
  bury(key: string, lifetime: number): void
}
