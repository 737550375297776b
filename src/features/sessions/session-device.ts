import Bowser from 'bowser'

/** A User-Agent header longer than this is cut before it is stored or parsed. */
export const LONGEST_USER_AGENT = 512

/** What a person recognises in a list, such as `Firefox on Windows`. */
export function deviceName(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os } = Bowser.parse(userAgent)
  const parts = [browser.name, os.name].filter((part) => part !== undefined && part !== '')
  if (parts.length > 0) return parts.join(' on ')
  // A program names itself first: `curl/8.5.0`.
  return /^[\w.-]{1,64}/.exec(userAgent)?.[0] ?? 'Unknown device'
}
