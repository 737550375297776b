import { hash } from 'node:crypto'
import { z } from 'zod'

/** What an account is, by a look at the database; see `accountDigest`. */
export interface AccountReading {
  readonly userId: string
  /** Every change with a lower mark was seen by this look: of two looks the one with the higher floor counts. */
  readonly floor: number
  /** Null where nobody may go on as this account. */
  readonly digest: string | null
}

/** What has ended or changed. Adding it twice does no harm, and in whatever order. */
export interface FeedFacts {
  readonly sessions: readonly string[]
  readonly accounts: readonly AccountReading[]
  /** Tenants whose tokens of that time or before are out of date; milliseconds. */
  readonly tenants: readonly { readonly id: string; readonly at: number }[]
  /** True where signing keys have come or gone. */
  readonly keys: boolean
}

/** One entry of the feed that other services read. */
export interface FeedEntry {
  /** Tells two deployments apart that use one Redis. */
  readonly deployment: string
  /** Floors of one epoch can be compared. */
  readonly epoch: string
  /**
   * The database's time, milliseconds: whatever was committed by then and still matters stands in the feed up to this
   * entry. Null where more is to follow.
   */
  readonly time: number | null
  /** How long a token of an account lives, milliseconds. */
  readonly life: number
  /** How long an entry matters, milliseconds. */
  readonly keep: number
  readonly facts: FeedFacts
}

/** A log of entries that may be lost at any moment, or be an old one again: who writes and who reads has to notice. */
export interface SharedFeed {
  /**
   * Appends an entry, if what this node appended before is still there.
   * @param after the id of this node's last entry; null where everything is told anew
   * @param replaces true where that entry says nothing that this one does not say
   * @returns the id of the entry; null where the former is gone, and everything has to be told anew
   * @throws Error where the log cannot be written
   */
  append(entry: Omit<FeedEntry, 'deployment'>, after: string | null, replaces: boolean): Promise<string | null>
  close(): Promise<void>
}

export const NO_FACTS: FeedFacts = { sessions: [], accounts: [], tenants: [], keys: false }

/** Where the feed of an issuer is: who checks its tokens knows the name of it, and needs nothing else. */
export function feedKey(issuer: string): string {
  return `sallyport:feed:${hash('sha256', issuer, 'base64url').slice(0, 22)}`
}

/** Short, since there are many: sessions, accounts as `[user, floor, digest]`, tenants as `[tenant, time]`, keys. */
const factsText = z.object({
  s: z.array(z.string()).default([]),
  u: z.array(z.tuple([z.string(), z.number(), z.string().nullable()])).default([]),
  n: z.array(z.tuple([z.string(), z.number()])).default([]),
  k: z.boolean().default(false),
})

const milliseconds = z.coerce.number().nonnegative()

const fieldsOfEntry = z.object({
  d: z.string(),
  e: z.string(),
  t: milliseconds.nullable().default(null),
  l: milliseconds,
  k: milliseconds,
  f: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(factsText)
    .optional(),
})

/** An entry as names and values by turns. */
export function encodeEntry({ deployment, epoch, time, life, keep, facts }: FeedEntry): string[] {
  const { sessions, accounts, tenants, keys } = facts
  const text = {
    ...(sessions.length > 0 && { s: sessions }),
    ...(accounts.length > 0 && { u: accounts.map(({ userId, floor, digest }) => [userId, floor, digest]) }),
    ...(tenants.length > 0 && { n: tenants.map(({ id, at }) => [id, at]) }),
    ...(keys && { k: true }),
  }
  const fields = { d: deployment, e: epoch, l: String(life), k: String(keep) }
  return Object.entries({
    ...fields,
    ...(time !== null && { t: String(time) }),
    ...(Object.keys(text).length > 0 && { f: JSON.stringify(text) }),
  }).flat()
}

/** @throws Error for what is no entry */
export function decodeEntry(words: readonly string[]): FeedEntry {
  const pairs = words.flatMap((name, index) => (index % 2 === 0 ? [[name, words[index + 1]]] : []))
  const { d, e, t, l, k, f } = fieldsOfEntry.parse(Object.fromEntries(pairs))
  const facts: FeedFacts =
    f === undefined
      ? NO_FACTS
      : {
          sessions: f.s,
          accounts: f.u.map(([userId, floor, digest]) => ({ userId, floor, digest })),
          tenants: f.n.map(([id, at]) => ({ id, at })),
          keys: f.k,
        }
  return { deployment: d, epoch: e, time: t, life: l, keep: k, facts }
}
