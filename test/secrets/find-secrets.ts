/** Where a secret begins to show: this many characters of one of its forms. */
const SHOWING = 12

/** The secret as it might stand in a log: itself, in JSON, in a URL, in base64 of any alignment, in hexadecimal. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const encoded = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and the last character also hold bits of what stands beside the secret.
    const inner = text.slice(shift === 0 ? 0 : shift + 1, -1)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const query = new URLSearchParams({ '': secret }).toString().slice(1)
  const inJson = JSON.stringify(secret).slice(1, -1)
  const inTwoJson = JSON.stringify(inJson).slice(1, -1)
  const forms = [secret, inJson, inTwoJson, encodeURIComponent(secret), query, bytes.toString('hex')]
  return [...new Set([...forms, ...encoded])].filter((form) => form.length >= SHOWING)
}

/**
 * Which of the secrets show in a text, whole or by the first characters of one of their forms; of a secret
 * in several words the whole form counts.
 * @returns for each find the text around it
 */
export function findSecrets(text: string, secrets: Iterable<string>): readonly string[] {
  return searchFor(secrets)(text)
}

/** Prepares a search of many texts for many secrets: nearly every place is passed over by three of its characters. */
export function searchFor(secrets: Iterable<string>): (text: string) => readonly string[] {
  const wanted = new Map<string, Set<string>>()
  const candidates = new Uint8Array(2 ** 16)
  for (const secret of secrets) {
    for (const form of formsOf(secret)) {
      const beginning = form.slice(0, SHOWING)
      const needed = wanted.get(beginning) ?? new Set()
      // Words of everyday language begin many a sentence.
      wanted.set(beginning, needed.add(secret.includes(' ') ? form : beginning))
      candidates[signOf(form, 0)] = 1
    }
  }
  return (text) => {
    const found: string[] = []
    for (let at = 0; at + SHOWING <= text.length; at++) {
      if (candidates[signOf(text, at)] !== 1) continue
      const needed = wanted.get(text.slice(at, at + SHOWING)) ?? []
      for (const form of needed) {
        if (text.startsWith(form, at)) found.push(text.slice(Math.max(0, at - 60), at + 60))
      }
    }
    return found
  }
}

function signOf(text: string, at: number): number {
  const [first, middle, last] = [text.charCodeAt(at), text.charCodeAt(at + 5), text.charCodeAt(at + SHOWING - 1)]
  return (first * 31 * 31 + middle * 31 + last * 17) & 0xffff
}
