import { z } from 'zod'
import { choice, duration, integer } from './fields.js'
import { optionalText, plainText, text, urlOf } from './text-fields.js'

/** Bounds: RFC 9106 §3.1 for argon2id; a bcrypt cost below 4 does not exist and 17 takes about ten seconds. */
export const passwordSchema = z.strictObject({
  algorithm: choice(['argon2id', 'bcrypt'], 'argon2id', {
    about:
      'How new passwords are hashed. A hash of the other algorithm, or of other parameters, is renewed at sign-in.',
  }),
  argon2id: z
    .strictObject({
      memory: integer({ min: 8, max: 4_194_304 }, 19_456, { about: 'Memory in KiB, at least 8 for each lane.' }),
      iterations: integer({ min: 1, max: 100 }, 2, { about: 'Passes over the memory.' }),
      parallelism: integer({ min: 1, max: 64 }, 1, { about: 'Lanes.' }),
      saltLength: integer({ min: 8, max: 64 }, 16, { about: 'Bytes of salt.' }),
      keyLength: integer({ min: 16, max: 128 }, 32, { about: 'Bytes of hash.' }),
    })
    .prefault({}),
  bcryptCost: integer({ min: 4, max: 17 }, 12, {
    about: 'The logarithm of the rounds. bcrypt reads no more than 72 bytes, so a longer password is refused.',
  }),
  minLength: integer({ min: 8, max: 128 }, 8, { about: 'The fewest characters of a new password.' }),
  maxLength: integer({ min: 64, max: 4096 }, 256, { about: 'The most characters of a password.' }),
  profile: choice(['default', 'nist'], 'default', {
    about: '`nist` asks for 15 characters where the password is the only factor (SP 800-63B).',
  }),
  minStrength: integer({ min: 0, max: 4 }, 2, {
    about:
      'How many guesses a new password must withstand: 1 is a thousand, 2 a million, 3 a hundred million, 4 ten thousand million. 0: neither estimated nor looked for among common passwords.',
  }),
  history: integer({ min: 0, max: 24 }, 0, {
    about: 'How many passwords of an account, its present one among them, cannot be chosen again. 0: none is kept.',
  }),
  breached: choice(['off', 'online', 'offline'], 'off', {
    about: 'Where a new password is looked up among those known from breaches.',
  }),
  breachLookup: z
    .strictObject({
      url: text(urlOf('http', 'https'), 'https://api.pwnedpasswords.com/range/', {
        expected: 'an http or https URL',
        about:
          '`online`: where hashes are asked for by their first five characters, which stand behind the URL: no password and no whole hash is sent.',
      }),
      timeout: duration({ min: '50ms', max: '30s' }, '2s', { about: '`online`: how long an answer is waited for.' }),
      onOutage: choice(['accept', 'refuse'], 'accept', {
        about: 'What becomes of a new password that could not be looked up.',
      }),
      filter: optionalText(plainText, {
        expected: 'the path of a file',
        about: '`offline`: the file that `sallyport breached build` has made.',
      }),
    })
    .prefault({}),
})
