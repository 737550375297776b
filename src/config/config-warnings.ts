import type { Config } from './config.js'
import { yamlKey } from './key-tree.js'
import { isPartOf, NOT_YET } from './not-yet.js'
import { weakSecrets } from './rules.js'

export interface ConfigWarning {
  /** As YAML writes it. */
  readonly key: string
  readonly message: string
}

/** What is accepted and deserves a word at the start: weak choices, and what has no effect so far. */
export function configWarnings(config: Config): readonly ConfigWarning[] {
  return [
    ...bypass(config),
    ...secrets(config),
    ...hashing(config),
    ...unusedSecret(config),
    ...outbox(config),
    ...notYet(config),
  ]
}

const BYPASS_WARNING =
  'auth.mode is bypass: whoever can reach this process signs in as anybody, without a password. For development on one machine alone.'

function bypass({ auth }: Config): ConfigWarning[] {
  return auth.mode === 'bypass' ? [{ key: 'auth.mode', message: BYPASS_WARNING }] : []
}

/** Warns of bypass through the process, whatever a logger leaves out. */
export function warnOfBypass(config: Config): void {
  if (bypass(config).length > 0) process.emitWarning(BYPASS_WARNING, { code: 'SALLYPORT_BYPASS' })
}

function secrets(config: Config): ConfigWarning[] {
  if (config.production) return []
  return weakSecrets(config).map(({ path, message }) => ({
    key: yamlKey(path),
    message: `${message}; production refuses to start with it`,
  }))
}

/** Memory in KiB that OWASP's Password Storage Cheat Sheet asks of argon2id for one to five iterations. */
const ARGON2ID_FLOOR = [47_104, 19_456, 12_288, 9216, 7168]

function hashing({ auth: { password } }: Config): ConfigWarning[] {
  const { algorithm, argon2id, bcryptCost } = password
  const floor = ARGON2ID_FLOOR[Math.min(argon2id.iterations, 5) - 1] ?? 0
  if (algorithm === 'argon2id' && argon2id.memory < floor)
    return [
      {
        key: 'auth.password.argon2id',
        message: `${argon2id.iterations} iterations need at least ${floor} KiB of memory to be strong, and have ${argon2id.memory}`,
      },
    ]
  if (algorithm === 'bcrypt' && bcryptCost < 10)
    return [{ key: 'auth.password.bcrypt_cost', message: `at least 10 is strong, and it is ${bcryptCost}` }]
  return []
}

function unusedSecret({ auth: { jwt } }: Config): ConfigWarning[] {
  return jwt.secret.length > 0 && jwt.algorithm !== 'HS256'
    ? [
        {
          key: 'auth.jwt.secret',
          message: `${jwt.algorithm} has keys of its own: the secret signs nothing, and verifies what it signed before`,
        },
      ]
    : []
}

function outbox({ mail, production }: Config): ConfigWarning[] {
  return production && mail.url === null
    ? [{ key: 'mail.url', message: 'no mail server is set: messages are written to the outbox, and reach nobody' }]
    : []
}

function notYet(config: Config): ConfigWarning[] {
  return NOT_YET.filter(({ key, matters }) =>
    matters === undefined ? config.given.some((given) => isPartOf(given, key)) : matters(config),
  ).map(({ key, instead }) => ({ key, message: `has no effect so far: ${instead}` }))
}
