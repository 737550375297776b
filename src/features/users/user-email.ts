import { domainToASCII } from 'node:url'

const LOCAL_PART = /^[^\s@,;:<>()[\]\\"\p{C}\p{Z}]{1,64}$/u
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/**
 * The one spelling of an email address: compatibility characters folded (NFKC), lower case, the domain in ASCII (IDNA)
 * without its root dot. `+tags` and dots of the local part stay. Normalised first and validated after, so that no
 * spelling slips past a rule. Limits: RFC 5321 §4.5.3.1.
 * @returns null where the text is not exactly one address
 */
export function normaliseEmail(text: string): string | null {
  if (text.length > 1024) return null
  const folded = text.normalize('NFKC').trim().toLowerCase().normalize('NFKC')
  const at = folded.lastIndexOf('@')
  const local = folded.slice(0, at)
  const host = folded.slice(at + 1).replace(/\.$/, '')
  // These would be decoded or cut by the IDNA step instead of refused.
  if (at < 1 || host === '' || /[\s%/?#:\\[\]<>]/.test(host)) return null
  const domain = domainToASCII(host)
  const email = `${local}@${domain}`
  return LOCAL_PART.test(local) && DOMAIN.test(domain) && Buffer.byteLength(email) <= 254 ? email : null
}
