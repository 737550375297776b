import { SallyportError } from '../contract/sallyport-error.js'

const MOST_DEPTH = 32

interface Container {
  /** The keys seen so far of an object; `null` for an array. */
  readonly keys: Set<string> | null
  expectsKey: boolean
}

/**
 * JSON without its traps: at most 32 levels, no key twice (two readers could disagree on which counts),
 * no NUL and no lone surrogate in any string (stores and hashes would alter them).
 * @throws `invalid_request`
 */
export function parseStrictJson(text: string): unknown {
  scan(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notJson()
  }
  checkStrings(value, [])
  return value
}

// One pass over the text, with a stack of its own. It understands just enough of valid JSON to see depth and keys;
// what is not JSON is left for JSON.parse to refuse.
function scan(text: string): void {
  const open: Container[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    const current = open.at(-1)
    if (character === '"') {
      const end = endOfString(text, at)
      if (current?.keys && current.expectsKey) addKey(current.keys, text.slice(at, end + 1))
      at = end
    } else if (character === '{' || character === '[') {
      if (open.length === MOST_DEPTH) throw refused(`The body is nested deeper than ${MOST_DEPTH} levels.`)
      open.push({ keys: character === '{' ? new Set() : null, expectsKey: true })
    } else if (character === '}' || character === ']') {
      open.pop()
    } else if (current && (character === ',' || character === ':')) {
      current.expectsKey = character === ','
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  throw notJson()
}

// Decoded before it is compared, since `"\u0061"` and `"a"` are one key.
function addKey(keys: Set<string>, literal: string): void {
  let key: unknown
  try {
    key = JSON.parse(literal)
  } catch {
    throw notJson()
  }
  if (typeof key !== 'string' || keys.has(key)) throw refused('The body has a field twice.')
  keys.add(key)
}

// Recursion is safe here: the depth has been checked.
function checkStrings(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string') checkText(value, path)
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    if (!isCleanText(key)) throw refused('The body has a field name with an illegal character.')
    checkStrings(child, [...path, key])
  }
}

function checkText(text: string, path: readonly string[]): void {
  if (isCleanText(text)) return
  const errors = [{ path: path.join('.'), message: 'must not contain NUL or half of a surrogate pair' }]
  throw new SallyportError('invalid_request', { errors })
}

/** In a `u` pattern a surrogate matches only where its other half is missing. */
function isCleanText(text: string): boolean {
  return !text.includes('\0') && !/[\uD800-\uDFFF]/u.test(text)
}

function notJson(): SallyportError {
  return refused('The body is not valid JSON.')
}

function refused(detail: string): SallyportError {
  return new SallyportError('invalid_request', { detail })
}
