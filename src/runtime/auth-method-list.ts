import { AUTH_METHODS, type AuthMethod } from '../contract/identity.js'
import { Memo } from './memo.js'
import { Malformed } from './packed-values.js'

/** Far more sets of methods than anybody signs in with. */
const MOST_SETS = 1_000

const METHODS: ReadonlyMap<string, AuthMethod> = new Map(AUTH_METHODS.map((method) => [method, method]))

const lists = new Memo((text) => {
  const known = text === '' ? [] : text.split(',').map((word) => METHODS.get(word))
  // One that is not known is of a newer release.
  if (!known.every((method) => method !== undefined)) throw new Malformed()
  return Object.freeze(known)
}, MOST_SETS)

/** Methods of sign-in with commas between them. The same for all who used these: frozen. @throws Malformed */
export function authMethodsOf(text: string): readonly AuthMethod[] {
  return lists.of(text)
}
