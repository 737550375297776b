import { z } from 'zod'
import { LOCALES } from '../contract/locale.js'
import { choice, duration, flag, integer } from './fields.js'
import { parseSender } from './sender.js'
import { optionalText, plainText, text, urlOf } from './text-fields.js'

export const redisSchema = z.strictObject({
  url: optionalText(urlOf('redis', 'rediss', 'redis+sentinel', 'redis+cluster'), {
    expected: 'a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL',
    about:
      'Sessions shared between nodes, and hints of what was ended. None: the database alone. See the guide to Redis.',
    env: 'REDIS_URL',
    confidential: 'url',
  }),
})

export const limitsSchema = z.strictObject({
  enabled: flag(true, { about: 'False switches off every limit but the lockout of accounts.' }),
  hashing: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 60, {
        about: 'Requests that hash a password, for each client address in one window.',
      }),
      window: duration({ min: '1s', max: '1d' }, '1m', { about: 'The length of the window.' }),
    })
    .prefault({}),
  guests: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 120, {
        about: 'Guest sessions made for each client address in one window: a class room has one address.',
      }),
      window: duration({ min: '1s', max: '1d' }, '1m', { about: 'The length of the window.' }),
    })
    .prefault({}),
  refresh: z
    .strictObject({
      requests: integer({ min: 1, max: 10_000_000 }, 12_000, {
        about: 'Refreshes for each client address in one window: many clients may share an address.',
      }),
      window: duration({ min: '1s', max: '1d' }, '1m', { about: 'The length of the window.' }),
    })
    .prefault({}),
  mail: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 60, {
        about: 'Requests that send mail, for each client address in one window.',
      }),
      window: duration({ min: '1s', max: '1d' }, '10m', { about: 'The length of the window.' }),
    })
    .prefault({}),
  links: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 300, {
        about:
          'Links out of mails that are followed without a password (verification, taking a change of address back), for each client address in one window.',
      }),
      window: duration({ min: '1s', max: '1d' }, '1m', { about: 'The length of the window.' }),
    })
    .prefault({}),
  mailTarget: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 10, {
        about:
          'Messages that anybody may ask for to be sent to one mail address in one window, whoever asks. Further ones are answered alike and not sent. Counted in the database.',
      }),
      window: duration({ min: '1s', max: '1d' }, '1h', { about: 'The length of the window.' }),
    })
    .prefault({}),
  failures: z
    .strictObject({
      requests: integer({ min: 1, max: 1_000_000 }, 500, {
        about:
          'Wrong passwords for whichever accounts, from each client address in one window. Counted in the database.',
      }),
      window: duration({ min: '1s', max: '1d' }, '15m', { about: 'The length of the window.' }),
    })
    .prefault({}),
})

export const mailSchema = z.strictObject({
  url: optionalText(urlOf('smtp', 'smtps'), {
    expected: 'an smtp:// or smtps:// URL',
    about: 'The mail server. None: messages are written to `<data_dir>/outbox`.',
    env: 'SMTP_URL',
    confidential: 'url',
  }),
  from: text((value) => (parseSender(value) === null ? null : value), 'Sallyport <no-reply@localhost>', {
    expected: 'a sender with one address, such as Example <no-reply@example.com>',
    about: 'The sender of every message. Its name is what messages call the service.',
    env: 'MAIL_FROM',
  }),
  tls: choice(['auto', 'required', 'off'], 'auto', {
    about:
      '`auto`: smtps:// always; smtp:// where the server offers STARTTLS, and required where a password is sent beyond this machine. `required`: no message without it. `off`: never, for a relay on this machine.',
  }),
  caFile: optionalText(plainText, {
    expected: 'the path of a PEM file',
    about: 'Certificates of the authority that the mail server is checked against, instead of the well-known ones.',
  }),
  locale: choice(LOCALES, 'en', {
    about: 'The language of messages to those who have not said theirs, and whose browser asks for no other.',
  }),
})

export const smsSchema = z.strictObject({
  webhook: optionalText(urlOf('http', 'https'), {
    expected: 'an http or https URL',
    about: 'The HTTP endpoint of an SMS provider. None: messages are written to `<data_dir>/outbox`.',
    confidential: 'url',
  }),
})
