import type { Config } from '../../config/config.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { BCRYPT_BYTES } from './password-hash.js'

type Settings = Pick<Config['auth']['password'], 'algorithm' | 'minLength' | 'maxLength' | 'profile'>

/** The field in which a new password came. */
export type PasswordField = 'password' | 'new_password'

/** NIST SP 800-63B-4 §3.1.1.2, for a password that is the only factor. */
const NIST_ONLY_FACTOR = 15

/**
 * The one form of a password: NFC (NIST SP 800-63B §3.1.1.2), so that a keyboard's way of writing `é` does not matter.
 * Never NFKC, which would merge characters, and never trimmed or cut.
 */
export function normalisePassword(text: string): string {
  return text.normalize('NFC')
}

/**
 * Refuses a new password for its length. No rules of composition (OWASP ASVS 6.2.5).
 * @param password in NFC
 * @throws SallyportError `weak_password` with the reason
 */
export function checkLength(settings: Settings, password: string, field: PasswordField): void {
  const length = [...password].length
  const least = settings.profile === 'nist' ? Math.max(NIST_ONLY_FACTOR, settings.minLength) : settings.minLength
  if (length < least) throw weak(field, `expected at least ${least} characters`)
  if (length > settings.maxLength) throw weak(field, `expected at most ${settings.maxLength} characters`)
  if (settings.algorithm === 'bcrypt' && Buffer.byteLength(password) > BCRYPT_BYTES) {
    throw weak(field, `expected at most ${BCRYPT_BYTES} bytes in UTF-8, since bcrypt reads no further`)
  }
}

/** @param message why, and what to do; never any part of the password */
export function weak(field: PasswordField, message: string): SallyportError {
  return new SallyportError('weak_password', {
    detail: `The password is not acceptable: ${message}.`,
    errors: [{ path: field, message }],
  })
}
