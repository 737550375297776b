import { randomBytes } from 'node:crypto'
import { equalInConstantTime } from '../../crypto/constant-time.js'

/** Accounts that one browser stays known to. */
const MOST_ENTRIES = 5
/** More than that is no cookie of ours. */
const MOST_CHARACTERS = 4096
const ENTRY = /^([A-Za-z0-9_-]{22})\.(\d{1,10})\.([A-Za-z0-9_-]{32})$/
const MAC_BYTES = 24

interface Holder {
  readonly tenantId: string
  readonly userId: string
  readonly credentialVersion: number
}

/**
 * The cookie by which a browser that signed in before is known again: one entry for each of the last few accounts,
 * the newest first. An entry names nobody; its MAC binds it to one account and to the version of its credentials.
 */
export interface KnownDevices {
  /**
   * The device that the cookie proves for this account, else null. All devices from before the credentials changed are
   * one, so that whoever held the account once cannot have collected any number of them.
   */
  recognise(cookie: string | null | undefined, holder: Holder): string | null
  /** The cookie of a browser that has just signed in. */
  renew(cookie: string | null | undefined, holder: Holder): string
}

/** @param mac a keyed digest of at least 24 bytes */
export function createKnownDevices(mac: (text: string) => Buffer): KnownDevices {
  const sign = (id: string, version: number, { tenantId, userId }: Holder) =>
    mac(`${tenantId}\n${userId}\n${version}\n${id}`).subarray(0, MAC_BYTES)

  function entryOf(cookie: string | null | undefined, holder: Holder) {
    return entriesOf(cookie).find(({ id, version, signature }) =>
      equalInConstantTime(Buffer.from(signature, 'base64url'), sign(id, version, holder)),
    )
  }

  return {
    recognise(cookie, holder) {
      const entry = entryOf(cookie, holder)
      if (entry === undefined) return null
      return entry.version === holder.credentialVersion ? entry.id : 'earlier'
    },
    renew(cookie, holder) {
      const known = entryOf(cookie, holder)
      const version = holder.credentialVersion
      const id = known?.version === version ? known.id : randomBytes(16).toString('base64url')
      const own = `${id}.${version}.${sign(id, version, holder).toString('base64url')}`
      const others = entriesOf(cookie).filter(({ text }) => text !== known?.text && text !== own)
      return [own, ...others.map(({ text }) => text)].slice(0, MOST_ENTRIES).join('~')
    },
  }
}

function entriesOf(cookie: string | null | undefined) {
  if (cookie === null || cookie === undefined || cookie.length > MOST_CHARACTERS) return []
  return cookie.split('~', 2 * MOST_ENTRIES).flatMap((text) => {
    const [, id, version, signature] = ENTRY.exec(text) ?? []
    if (id === undefined || version === undefined || signature === undefined) return []
    return [{ text, id, version: Number(version), signature }]
  })
}
