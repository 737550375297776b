import type { Config } from '../../config/config.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { BCRYPT_BYTES } from './password-hash.js'

/**
 * The one form of a password: NFC (NIST SP 800-63B §3.1.1.2), so that a keyboard's way of writing `é` does not matter.
 * Never NFKC, which would merge characters, and never trimmed or cut.
 */
export function normalisePassword(text: string): string {
  return text.normalize('NFC')
}

/**
 * Refuses a new password that the policy does not take. No rules of composition (OWASP ASVS 6.2.5).
 * @param password in NFC
 * @throws SallyportError `weak_password` with the reason
 */
export function checkNewPassword(settings: Config['auth']['password'], password: string): void {
  const length = [...password].length
  if (length < settings.minLength) throw weak(`at least ${settings.minLength} characters`)
  if (length > settings.maxLength) throw weak(`at most ${settings.maxLength} characters`)
  if (settings.algorithm === 'bcrypt' && Buffer.byteLength(password) > BCRYPT_BYTES) {
    throw weak(`at most ${BCRYPT_BYTES} bytes in UTF-8, since bcrypt reads no further`)
  }
}

function weak(expectation: string): SallyportError {
  return new SallyportError('weak_password', {
    detail: `The password must have ${expectation}.`,
    errors: [{ path: 'password', message: `expected ${expectation}` }],
  })
}
