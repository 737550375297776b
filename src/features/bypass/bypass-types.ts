import { z } from 'zod'
import { SallyportError } from '../../contract/sallyport-error.js'
import { tenantIdInput } from '../tenants/tenant-types.js'
import { transport } from '../tokens/token-types.js'
import { emailInput, meAnswer, usernameInput } from '../users/user-types.js'

/** Whom to sign in. */
export interface Persona {
  readonly email: string
  /** Given to an account that is made; an existing one keeps its own. */
  readonly username?: string | undefined
  /** Of an account that is made; by default a new one. */
  readonly id?: string
}

/** Who calls that names nobody. The domain is nobody's on the internet (RFC 6761 §6.3). */
export const DEVELOPER: Persona = { email: 'dev@localhost', username: 'dev' }

export const bypassLoginInput = z
  .object({
    email: emailInput.optional(),
    username: usernameInput.optional(),
    tenant_id: tenantIdInput,
    transport: transport.optional(),
  })
  .meta({ id: 'BypassLoginRequest' })

/** The caller; without a token the developer, who has no session. */
export const bypassMeAnswer = meAnswer
  .partial({ session_id: true, auth_methods: true, auth_time: true })
  .meta({ id: 'BypassMe' })

/**
 * Whom a request means: the account of the address; with a username alone, that name at `localhost`; with neither, the
 * developer. Names are not unique, so it is an address that finds an account again.
 * @throws SallyportError `invalid_request` where no address can be made of the name
 */
export function bypassPersona({
  email,
  username,
}: {
  readonly email?: string | undefined
  readonly username?: string | undefined
}): Persona {
  if (email !== undefined) return { email, username }
  if (username === undefined) return DEVELOPER
  const local = username.normalize('NFKC').replace(/[\s@,;:<>()[\]\\"\p{C}\p{Z}]+/gu, '-')
  const address = emailInput.safeParse(`${local}@localhost`)
  if (address.success) return { email: address.data, username }
  throw new SallyportError('invalid_request', {
    errors: [{ path: 'username', message: 'makes no address: send an email with it' }],
  })
}
