import type { Account } from '../api-answers.js'
import type { Api } from '../api-types.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { idOf } from './shared-options.js'

interface Named {
  readonly id: string | undefined
  readonly email: string | undefined
  readonly tenant: string | undefined
}

/**
 * The user that a command line names, by id or by address.
 * @param name what the id is called on the command line
 * @throws SallyportError `not_found`
 */
export async function findAccount(api: Api, { id, email, tenant }: Named, name: string): Promise<Account> {
  const found = await find(api, { id, email, tenant }, name)
  if (found === null) throw new SallyportError('not_found', { detail: 'There is no such user.' })
  return found
}

async function find(api: Api, { id, email, tenant }: Named, name: string): Promise<Account | null> {
  if (email !== undefined)
    return api.users.findByEmail(tenant === undefined ? { email } : { email, tenantId: idOf(tenant, '--tenant') })
  return id === undefined ? null : api.users.find(idOf(id, name))
}
