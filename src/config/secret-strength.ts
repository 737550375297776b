/** Words that stand in examples, never in a secret that somebody made. */
const PLACEHOLDER =
  /change[-_ ]?me|changeit|placeholder|your[-_ ]|example|secret[-_ ]?key|super[-_ ]?secret|my[-_ ]?secret|jwt[-_ ]?secret|insert|replace|default|password|dummy|todo|xxxx|<.*>|\$\{/i

const MINIMUM_LENGTH = 32
const MINIMUM_VARIETY = 10

/**
 * Why a secret must not guard anything, or `null` where nothing speaks against it. Says nothing of its text.
 * 32 characters hold at least 128 bits in any usual alphabet (NIST SP 800-131A).
 */
export function secretWeakness(secret: string): string | null {
  if (PLACEHOLDER.test(secret)) return 'a placeholder'
  if (secret.length < MINIMUM_LENGTH) return `${secret.length} characters`
  if (new Set(secret).size < MINIMUM_VARIETY || isCounting(secret)) return 'a pattern'
  return null
}

/** `0123456789abc…` or a short text repeated. */
function isCounting(secret: string): boolean {
  for (let period = 1; period <= secret.length / 3; period += 1) {
    if (secret.startsWith(secret.slice(period))) return true
  }
  let steps = 0
  for (let index = 1; index < secret.length; index += 1) {
    if (secret.charCodeAt(index) - secret.charCodeAt(index - 1) === 1) steps += 1
  }
  return steps > secret.length / 2
}
