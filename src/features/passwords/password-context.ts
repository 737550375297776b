/** What anybody may know who tries to guess the password of one account. */
export interface PasswordContext {
  readonly email: string | null
  readonly username: string | null
  readonly tenant: { readonly name: string; readonly slug: string }
}

/** Shorter ones stand in passwords by chance. */
const SHORTEST_WORD = 4
const MOST_WORDS = 24
/** What stands beside such a word in the passwords that everybody tries. */
const FILLERS = [
  'administrator',
  'superadmin',
  'password',
  'welcome',
  'editor',
  'viewer',
  'secret',
  'admin',
  'guest',
  'login',
  'demo',
  'root',
  'test',
  'user',
]
/** What a word must be surrounded by, so that the whole is more than a variant of it. */
const ENOUGH_LETTERS = 4
const ENOUGH_CHARACTERS = 8

const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', l: 'i', '!': 'i', '|': 'i', '3': 'e', '4': 'a', '@': 'a' },
  ...{ '5': 's', $: 's', '6': 'g', '7': 't', '+': 't', '8': 'b', '9': 'g' },
}

/**
 * The words that a guess would start from (OWASP ASVS 6.2.11): names of the service, the tenant and the user, the
 * parts of the address.
 * @param service names of the deployment, such as the host of its public URL
 */
export function contextWords({ email, username, tenant }: PasswordContext, service: readonly string[]): string[] {
  const at = email?.lastIndexOf('@') ?? -1
  const address = email === null ? [] : [email.slice(0, at), ...email.slice(at + 1).split('.')]
  const texts = [username ?? '', ...address, tenant.name, tenant.slug, ...service]
  const words = texts.flatMap((text) => {
    const whole = text.trim().toLowerCase()
    const parts = whole.match(/[\p{L}\p{N}]+/gu) ?? []
    return [whole, parts.join(''), ...parts]
  })
  const usable = words.filter((word) => [...word].length >= SHORTEST_WORD && /\p{L}/u.test(word))
  return [...new Set(usable)].slice(0, MOST_WORDS)
}

/** True where the password is one of the words or a simple variant: other case, look-alikes, backwards, a few more characters. */
export function isVariantOf(words: readonly string[], password: string): boolean {
  const plain = plainForm(password)
  const beyondWords = without(words, withoutLookalikes(plain))
  if (!beyondWords.includes(GONE)) return false
  const rest = without(FILLERS, beyondWords)
  const beside = rest.split('').flatMap((character, at) => (character === GONE ? [] : [plain[at] ?? '']))
  return beside.length < ENOUGH_CHARACTERS && beside.filter((text) => /\p{L}/u.test(text)).length < ENOUGH_LETTERS
}

/** Stands for what was a word; no password holds it, since NUL is refused before. */
const GONE = '\0'

/** The text with the words replaced, forwards and backwards, the longest first. */
function without(words: readonly string[], text: string): string {
  let rest = text
  for (const word of words.map((each) => withoutLookalikes(plainForm(each))).toSorted((a, b) => b.length - a.length)) {
    for (const spelling of [word, [...word].toReversed().join('')]) {
      rest = rest.replaceAll(spelling, GONE.repeat(spelling.length))
    }
  }
  return rest
}

/** Lower case without accents. */
function plainForm(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Of the same length, so that a place in one is the same place in the other. */
function withoutLookalikes(plain: string): string {
  return plain.replace(/[0-9l!|@$+]/g, (character) => LOOKALIKES[character] ?? character)
}
