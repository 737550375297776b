import { domainToASCII } from 'node:url'

export interface ParsedSender {
  readonly name: string | null
  readonly address: string
}

const WITH_NAME = /^(?:"([^"\\]{1,128})"|([^"<>@,;:()[\]\\]{1,128}))\s*<([^<>]+)>$/
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/**
 * The sender in a configuration: `no-reply@example.com`, `Example <no-reply@example.com>` or `"Example, Inc." <…>`.
 * The domain is given in ASCII (IDNA). @returns null where it is not exactly one address
 */
export function parseSender(text: string): ParsedSender | null {
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return null
  const [, quoted, plain, inBrackets] = WITH_NAME.exec(text.trim()) ?? []
  const name = (quoted ?? plain)?.trim() ?? ''
  const address = inBrackets ?? text.trim()
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainToASCII(address.slice(at + 1))
  if (at < 1 || !LOCAL_PART.test(local) || !DOMAIN.test(domain)) return null
  return { name: name === '' ? null : name, address: `${local}@${domain}` }
}
