import { z } from 'zod'
import { choice, duration, fieldNotes, flag, integer, optionalInteger } from './fields.js'
import { linksSchema } from './links-schema.js'
import { passwordSchema } from './password-schema.js'
import { optionalText, plainText, secrets } from './text-fields.js'

const sessionSchema = z.strictObject({
  ttl: duration({ min: '1s', max: '3650d' }, '24h', {
    about: 'The life of an opaque access token since the last activity.',
  }),
  absoluteTtl: duration({ min: '1s', max: '3650d' }, '30d', {
    about: 'When a session ends, whatever its activity; also in stateless mode.',
  }),
  refreshTokenTtl: duration({ min: '1s', max: '3650d' }, '720h', {
    about: 'The life of a refresh token since its own issue, in stateful mode.',
  }),
  refreshThreshold: duration({ min: '0s', max: '3650d' }, '1h', {
    about: 'A JWT in a cookie or of a guest is issued anew when less than this is left of it, at most half its life.',
  }),
  binding: choice(['none', 'user_agent', 'network'], 'none', {
    about: 'What must still match for a session to be honoured.',
  }),
  maxSessionsPerUser: integer({ min: 0, max: 100_000 }, 0, { about: 'Sessions of one user at a time; 0: no limit.' }),
  onLimit: choice(['evict_oldest', 'reject'], 'evict_oldest', {
    about: 'What a sign-in past the limit does: end the oldest session, or be refused.',
  }),
  cleanupInterval: duration({ min: '1s', max: '1d' }, '5m', { about: 'How often expired sessions are removed.' }),
  maxLoginAttempts: integer({ min: 1, max: 10_000 }, 5, {
    about: 'Wrong guesses at one account, existing or not, until it is locked.',
  }),
  lockoutDuration: duration({ min: '1s', max: '365d' }, '15m', {
    about: 'How long the first lockout lasts; each further one lasts twice as long, up to sixteen times.',
  }),
})

const jwtSchema = z.strictObject({
  algorithm: z.enum(['EdDSA', 'ES256', 'RS256', 'HS256']).optional().register(fieldNotes, {
    kind: 'text',
    expected: 'EdDSA, ES256, RS256 or HS256',
    about: 'The algorithm that signs access tokens. A secret without an algorithm means HS256.',
    env: 'JWT_ALGORITHM',
    defaultText: 'EdDSA',
  }),
  secret: secrets({
    expected: 'a secret or a list of secrets, each of 32 random characters or more',
    about: 'The shared secret of HS256. Of a list the first signs and all verify.',
    env: 'JWT_SECRET',
  }),
  accessTokenTtl: duration({ min: '1s', max: '365d' }, '15m', {
    about: 'The life of a JWT since its issue.',
    env: 'ACCESS_TOKEN_EXPIRE_MINUTES',
  }),
  refreshTokenTtl: duration({ min: '1s', max: '3650d' }, '168h', {
    about: 'The life of a refresh token since its own issue, in stateless mode.',
    env: 'REFRESH_TOKEN_EXPIRE_DAYS',
  }),
  issuer: optionalText(plainText, {
    expected: 'a text without control characters',
    about: 'The `iss` claim. None: `server.public_url`, else `sallyport`.',
  }),
  audience: optionalText(plainText, {
    expected: 'a text without control characters',
    about: 'The `aud` claim. None: `server.public_url`, else `sallyport`.',
  }),
  rotation: duration({ min: '1m', max: '3650d' }, '90d', { about: 'The age at which a signing key is replaced.' }),
  sessionCheck: choice(['none', 'revocations', 'always'], 'revocations', {
    about:
      'What a JWT is checked against besides its signature: nothing, the feed of revocations, or the session itself.',
  }),
})

export const authSchema = z.strictObject({
  mode: choice(['stateful', 'stateless', 'bypass'], 'stateful', {
    about: 'Opaque tokens looked up in the store, or JWTs. `bypass` signs anybody in, for development alone.',
    env: 'AUTH_MODE',
  }),
  accept: z
    .array(z.enum(['stateful', 'stateless']))
    .min(1)
    .refine((modes) => new Set(modes).size === modes.length)
    .default(['stateful', 'stateless'])
    .register(fieldNotes, {
      kind: 'list',
      expected: 'a list of stateful and stateless',
      about: 'The modes whose tokens are honoured besides `auth.mode`, so that changing the mode signs nobody out.',
    }),
  session: sessionSchema.prefault({}),
  refresh: z
    .strictObject({
      reuseGrace: duration({ min: '0s', max: '5m' }, '10s', {
        about: 'How long a spent refresh token still gets the current pair; later it ends the session.',
      }),
    })
    .prefault({}),
  revocation: z
    .strictObject({
      maxStaleness: duration({ min: '100ms', max: '1h' }, '2s', {
        about: 'How far behind a node may be before it asks the database instead.',
      }),
    })
    .prefault({}),
  guests: z
    .strictObject({
      enabled: flag(true, { about: 'Whether sessions without an account are given.' }),
      ttl: duration({ min: '1s', max: '3650d' }, '7d', { about: 'The life of a guest token since its issue.' }),
      absoluteTtl: duration({ min: '1s', max: '3650d' }, '90d', { about: 'When a guest session ends for good.' }),
    })
    .prefault({}),
  jwt: jwtSchema.prefault({}),
  password: passwordSchema.prefault({}),
  maxConcurrentHashes: optionalInteger(
    { min: 1, max: 1024 },
    {
      about: 'Passwords hashed at the same time.',
      env: 'MAX_CONCURRENT_LOGINS',
      defaultText: 'the number of cores',
    },
  ),
  hashQueue: z
    .strictObject({
      max: integer({ min: 0, max: 100_000 }, 100, {
        about: 'Requests that may wait for their hash; one more is answered `overloaded`.',
      }),
      deadline: duration({ min: '100ms', max: '5m' }, '5s', {
        about: 'How long a request waits for its hash before it is answered `overloaded`.',
      }),
    })
    .prefault({}),
  registration: choice(['open', 'invite', 'closed'], 'open', { about: 'Who may register an account.' }),
  emailVerification: choice(['off', 'optional', 'required'], 'optional', {
    about: 'Whether an address must prove itself before its account can sign in.',
  }),
  reauthenticationMaxAge: duration({ min: '1s', max: '30d' }, '10m', {
    about: 'How recent the last authentication must be for what endangers the account.',
  }),
  links: linksSchema.prefault({}),
  notices: z
    .strictObject({
      newDevice: flag(true, {
        about: 'Whether users are told by mail of a sign-in with a browser and system that they had not used before.',
      }),
    })
    .prefault({}),
  magicLink: flag(false, { about: 'Whether a link sent by mail signs in without a password.' }),
})
