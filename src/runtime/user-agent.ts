const LONGEST = 512

/** A User-Agent as it is kept and shown: at most 512 characters, none of them a control character. */
export function knownUserAgent(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null
  return text.slice(0, LONGEST).replace(/[\p{Cc}\p{Cs}]/gu, '')
}
