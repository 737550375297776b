import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'

const UNKNOWN = 'Unknown device'
const names = new LRUCache<string, string>({ max: 1_000 })

/** What a person recognises in a list, such as `Firefox on Windows`. */
export function deviceName(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return UNKNOWN
  const known = names.get(userAgent)
  if (known !== undefined) return known
  const name = parse(userAgent)
  names.set(userAgent, name)
  return name
}

/**
 * The browser and system, or the program, without versions: an update does not change it. Null where none is named.
 */
export function agentName(userAgent: string): string | null {
  if (userAgent === '') return null
  const name = deviceName(userAgent)
  return name === UNKNOWN ? userAgent.replaceAll(/[\d.]+/g, '') : name
}

function parse(userAgent: string): string {
  const { browser, os } = Bowser.parse(userAgent)
  const parts = [browser.name, os.name].filter((part) => part !== undefined && part !== '')
  if (parts.length > 0) return parts.join(' on ')
  // A program names itself first: `curl/8.5.0`.
  return /^[\w.-]{1,64}/.exec(userAgent)?.[0] ?? UNKNOWN
}
