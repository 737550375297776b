import { isLoopbackHost } from './addresses.js'
import type { Config } from './config.js'
import { secretWeakness } from './secret-strength.js'

/** A rule over several keys that does not hold. */
export interface BrokenRule {
  /** The key to change, in camelCase. */
  readonly path: readonly string[]
  readonly message: string
}

/** What must hold between keys; each key is already right by itself. */
export function checkRules(config: Config): readonly BrokenRule[] {
  return [...passwordRules(config), ...bypassRules(config), ...listenerRules(config), ...secretRules(config)]
}

function passwordRules({ auth: { password } }: Config): BrokenRule[] {
  const { argon2id, minLength, maxLength } = password
  const broken: BrokenRule[] = []
  if (argon2id.memory < 8 * argon2id.parallelism)
    broken.push({
      path: ['auth', 'password', 'argon2id', 'memory'],
      message: `expected at least ${8 * argon2id.parallelism} (8 KiB for each lane), got ${argon2id.memory}`,
    })
  if (maxLength < minLength)
    broken.push({
      path: ['auth', 'password', 'maxLength'],
      message: `expected at least the minimum length, ${minLength}, got ${maxLength}`,
    })
  if (password.breached === 'offline' && password.breachLookup.filter === null)
    broken.push({
      path: ['auth', 'password', 'breachLookup', 'filter'],
      message: 'expected the file of known passwords that auth.password.breached: offline looks into, got nothing',
    })
  return broken
}

function bypassRules({ auth, server, production }: Config): BrokenRule[] {
  if (auth.mode !== 'bypass') return []
  const reasons: string[] = []
  if (!isLoopbackHost(server.host)) reasons.push('a host beyond loopback')
  if (server.adminPort !== null && !isLoopbackHost(server.adminHost)) reasons.push('an admin host beyond loopback')
  if (server.publicUrl !== null && !isLoopbackHost(new URL(server.publicUrl).hostname))
    reasons.push('a public URL beyond loopback')
  if (server.trustProxy.length > 0) reasons.push('a trusted proxy')
  if (reasons.length === 0 && production) reasons.push('production')
  return reasons.map((reason) => ({
    path: ['auth', 'mode'],
    message: `expected stateful or stateless, got bypass together with ${reason} (bypass signs anybody in, so it is for development on one machine alone)`,
  }))
}

function listenerRules({ server }: Config): BrokenRule[] {
  const { port, adminPort } = server
  if (adminPort === null || adminPort === 0 || adminPort !== port) return []
  return [{ path: ['server', 'adminPort'], message: `expected another port than server.port, got ${adminPort}` }]
}

function secretRules(config: Config): BrokenRule[] {
  const missing =
    config.secret === null && !config.storage.url.startsWith('sqlite:')
      ? [
          {
            path: ['secret'],
            message: 'expected a secret of 32 random characters or more with PostgreSQL, got nothing',
          },
        ]
      : []
  return config.production ? [...missing, ...weakSecrets(config)] : missing
}

/** The secrets that are refused in production and warned of elsewhere. */
export function weakSecrets({ secret, auth, metrics }: Config): BrokenRule[] {
  const judged = [
    ...(secret === null ? [] : [{ path: ['secret'], secret }]),
    ...(metrics.token === null ? [] : [{ path: ['metrics', 'token'], secret: metrics.token }]),
    ...auth.jwt.secret.map((text) => ({ path: ['auth', 'jwt', 'secret'], secret: text })),
  ]
  return judged.flatMap(({ path, secret: text }) => {
    const weakness = secretWeakness(text)
    return weakness === null ? [] : [{ path, message: `expected 32 random characters or more, got ${weakness}` }]
  })
}
