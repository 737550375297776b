import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'

const UNKNOWN = 'Unknown device'
const known = new LRUCache<string, readonly string[]>({ max: 1_000 })

/** What a person recognises in a list, such as `Firefox on Windows`. */
export function deviceName(userAgent: string | null): string {
  const parts = deviceParts(userAgent)
  return parts.length === 0 ? UNKNOWN : parts.join(' on ')
}

/**
 * The browser and system, or the program, without versions: an update does not change it. Null where none is named.
 */
export function agentName(userAgent: string): string | null {
  if (userAgent === '') return null
  const parts = deviceParts(userAgent)
  return parts.length === 0 ? userAgent.replaceAll(/[\d.]+/g, '') : parts.join(' on ')
}

/** The browser and the system, one of them, or the name of a program; nothing where none is named. */
export function deviceParts(userAgent: string | null): readonly string[] {
  if (userAgent === null || userAgent === '') return []
  const before = known.get(userAgent)
  if (before !== undefined) return before
  const parts = parse(userAgent)
  known.set(userAgent, parts)
  return parts
}

function parse(userAgent: string): readonly string[] {
  const { browser, os } = Bowser.parse(userAgent)
  const parts = [browser.name, os.name].flatMap((part) => (part ? [part] : []))
  if (parts.length > 0) return parts
  // A program names itself first: `curl/8.5.0`.
  const program = /^[\w.-]{1,64}/.exec(userAgent)?.[0]
  return program === undefined ? [] : [program]
}
