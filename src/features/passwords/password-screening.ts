import type { Config } from '../../config/config.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { BreachLookup } from '../breached-passwords/breached-password-types.js'
import { contextWords, isVariantOf, type PasswordContext } from './password-context.js'
import { checkLength, type PasswordField, weak } from './password-policy.js'
import { createStrengthEstimate, type Strength } from './password-strength.js'

/** Whether a new password is acceptable: its length, how hard it is to guess, whether it is known from a breach. */
export interface PasswordScreening {
  /**
   * @param password in NFC
   * @param field where it came, for the answer
   * @throws SallyportError `weak_password`, `breached_password`; `unavailable` where it could not be looked up and
   *   `auth.password.breach_lookup.on_outage` is `refuse`
   */
  check(password: string, context: PasswordContext, field: PasswordField): Promise<void>
}

const WHY: Readonly<Record<Strength['weakness'], string>> = {
  common: 'is a common password, or made of common ones',
  context: 'is made of a name or an address that belongs to the account or to this service',
  repeat: 'repeats itself',
  sequence: 'is a sequence',
  keyboard: 'is a row of keys',
  date: 'is little more than a date',
  guessable: 'is easy to guess',
}
const ADVICE = 'choose several words that have nothing to do with each other, or let a password manager make one'

export function createPasswordScreening(parts: {
  readonly config: Config
  readonly breaches: BreachLookup | null
}): PasswordScreening {
  const { config, breaches } = parts
  const { password: settings } = config.auth
  const service = ['Sallyport', ...serviceNames(config.server.publicUrl)]
  const estimate = createStrengthEstimate()

  return {
    async check(password, context, field) {
      checkLength(settings, password, field)
      const words = contextWords(context, service)
      if (isVariantOf(words, password)) throw weak(field, `it ${WHY.context}: ${ADVICE}`)
      if (settings.minStrength > 0) {
        const { score, weakness } = await estimate(password, words)
        if (score < settings.minStrength) throw weak(field, `it ${WHY[weakness]}: ${ADVICE}`)
      }
      if (breaches === null) return
      const found = await breaches.find(password)
      if (found === 'known') throw breached(field)
      if (found === 'failed' && settings.breachLookup.onOutage === 'refuse') {
        throw new SallyportError('unavailable', {
          detail: 'Whether the password is known from a breach cannot be found out now. Try again later.',
        })
      }
    },
  }
}

/** The labels of the public URL's host, without its last one. */
function serviceNames(publicUrl: string | null): readonly string[] {
  return publicUrl === null ? [] : new URL(publicUrl).hostname.split('.').slice(0, -1)
}

function breached(field: PasswordField): SallyportError {
  const message = 'is known from a breach of some service: choose one that was never used anywhere'
  return new SallyportError('breached_password', {
    detail: `The password ${message}.`,
    errors: [{ path: field, message }],
  })
}
