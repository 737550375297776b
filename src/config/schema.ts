import { z } from 'zod'
import { authSchema } from './auth-schema.js'
import { limitsSchema, mailSchema, redisSchema, smsSchema } from './delivery-schema.js'
import { logSchema, metricsSchema, serverSchema, storageSchema } from './server-schema.js'
import { optionalText, plainText, text } from './text-fields.js'
import { websocketSchema } from './websocket-schema.js'

/** Every key, once: its type, bounds, default and description. YAML, environment, library and documentation follow it. */
export const configSchema = z.strictObject({
  server: serverSchema.prefault({}),
  storage: storageSchema.prefault({}),
  redis: redisSchema.prefault({}),
  dataDir: text(plainText, './data', {
    expected: 'the path of a folder',
    about: 'Where SQLite, the generated master key and the outbox live.',
  }),
  secret: optionalText((value) => (value === '' ? null : value), {
    expected: 'a secret of 32 random characters or more',
    about:
      'The master key that seals every key in the database. With SQLite one is made and kept in the data folder; PostgreSQL needs it given.',
    env: 'SALLYPORT_SECRET',
    confidential: 'whole',
  }),
  auth: authSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  mail: mailSchema.prefault({}),
  sms: smsSchema.prefault({}),
  websocket: websocketSchema.prefault({}),
  metrics: metricsSchema.prefault({}),
  log: logSchema.prefault({}),
})
