/**
 * A name that a stranger may have chosen, for a message to somebody else: null where it holds more than a name does.
 * A mail program makes a link of whatever looks like an address, and a name can be a sentence.
 */
export function plainName(text: string | null): string | null {
  if (text === null) return null
  const name = text.normalize('NFC').replace(/\s+/gu, ' ').trim()
  const isName = /^[\p{L}\p{M}\p{N}' ’_-]{1,40}$/u.test(name.replace(/\.(?= |$)/g, ''))
  return isName && name.split(' ').length <= 4 ? name : null
}
