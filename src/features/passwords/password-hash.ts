import { randomBytes } from 'node:crypto'
import type { Config } from '../../config/config.js'
import { once } from '../../runtime/once.js'

export type HashAlgorithm = Config['auth']['password']['algorithm']
type PasswordSettings = Pick<Config['auth']['password'], 'algorithm' | 'argon2id' | 'bcryptCost'>

/** `Algorithm.Argon2id` of @node-rs/argon2, whose enum exists in types alone. */
const ARGON2ID = 2
/** bcrypt reads no further (the rest would be ignored in silence). */
export const BCRYPT_BYTES = 72

/** Each is loaded by the first who needs it, and resolved no more than once: `import()` costs something every time. */
const loadArgon2 = once(() => import('@node-rs/argon2'))
const loadBcrypt = once(() => import('@node-rs/bcrypt'))

/** One stored password, in the form that `settings` asks for. @param password in NFC */
export async function hashPassword(settings: PasswordSettings, password: string): Promise<string> {
  if (settings.algorithm === 'bcrypt') {
    const bcrypt = await loadBcrypt()
    return bcrypt.hash(password, { cost: settings.bcryptCost, rejectLongPasswords: true })
  }
  const argon2 = await loadArgon2()
  const { memory, iterations, parallelism, saltLength, keyLength } = settings.argon2id
  return argon2.hash(password, {
    algorithm: ARGON2ID,
    memoryCost: memory,
    timeCost: iterations,
    parallelism,
    outputLen: keyLength,
    salt: randomBytes(saltLength),
  })
}

/** True where the password is the one that was hashed, whichever algorithm and parameters the hash names. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  if (isBcrypt(hash)) {
    const bcrypt = await loadBcrypt()
    // A longer password was never accepted, and would match by its first 72 bytes; it costs the same.
    const matches = await bcrypt.verify(password, hash)
    return matches && Buffer.byteLength(password) <= BCRYPT_BYTES
  }
  const argon2 = await loadArgon2()
  return argon2.verify(hash, password)
}

/** True where the hash was made by another algorithm or with other parameters than `settings` names. */
export async function needsRenewal(settings: PasswordSettings, hash: string): Promise<boolean> {
  if (isBcrypt(hash) !== (settings.algorithm === 'bcrypt')) return true
  if (isBcrypt(hash)) {
    const bcrypt = await loadBcrypt()
    return bcrypt.parseOptions(hash).cost !== settings.bcryptCost
  }
  const argon2 = await loadArgon2()
  const { memory, iterations, parallelism, saltLength, keyLength } = settings.argon2id
  const made = argon2.parseOptions(hash)
  return (
    made.algorithm !== ARGON2ID ||
    made.memoryCost !== memory ||
    made.timeCost !== iterations ||
    made.parallelism !== parallelism ||
    made.saltLen !== saltLength ||
    made.outputLen !== keyLength
  )
}

/** The algorithm that a stored hash names. */
export function algorithmOf(hash: string): HashAlgorithm {
  return isBcrypt(hash) ? 'bcrypt' : 'argon2id'
}

function isBcrypt(hash: string): boolean {
  return /^\$2[abxy]\$/.test(hash)
}
