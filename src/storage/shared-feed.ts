import { hash } from 'node:crypto'
import { z } from 'zod'

/**
 * Where a look at the database stands among all looks of one epoch: every transaction below `floor` has ended, none from
 * `ceiling` on has, and `open` of those between are still running. All three only ever move one way, and each commit moves
 * one of them, so that of two looks that saw different things it is certain which one is the later.
 */
export interface Look {
  readonly floor: number
  readonly ceiling: number
  readonly open: number
}

/** What an account is, by a look at the database; see `accountDigest`. */
export interface AccountReading {
  readonly userId: string
  readonly look: Look
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
  /** Looks of one epoch can be compared. */
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

export function isEarlier(look: Look, other: Look): boolean {
  if (look.floor !== other.floor) return look.floor < other.floor
  return look.ceiling === other.ceiling ? look.open > other.open : look.ceiling < other.ceiling
}

export const NO_FACTS: FeedFacts = { sessions: [], accounts: [], tenants: [], keys: false }

/** Where the feed of an issuer is: who checks its tokens knows the name of it, and needs nothing else. */
export function feedKey(issuer: string): string {
  return `sallyport:feed:${hash('sha256', issuer, 'base64url').slice(0, 22)}`
}

/** Short, since there are many: sessions, accounts as `[user, look, digest]`, tenants as `[tenant, time]`, keys. */
const factsText = z.object({
  s: z.array(z.string()).default([]),
  u: z.array(z.tuple([z.string(), z.tuple([z.number(), z.number(), z.number()]), z.string().nullable()])).default([]),
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
    ...(accounts.length > 0 && {
      u: accounts.map(({ userId, look, digest }) => [userId, [look.floor, look.ceiling, look.open], digest]),
    }),
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
          accounts: f.u.map(([userId, [floor, ceiling, open], digest]) => ({
            userId,
            look: { floor, ceiling, open },
            digest,
          })),
          tenants: f.n.map(([id, at]) => ({ id, at })),
          keys: f.k,
        }
  return { deployment: d, epoch: e, time: t, life: l, keep: k, facts }
}
