import { lookup } from 'node:dns/promises'
import { isLoopbackHost } from '../config/addresses.js'
import { StartError } from './start-error.js'

type Resolve = (host: string) => Promise<readonly { readonly address: string }[]>

const resolveAll: Resolve = (host) => lookup(host, { all: true })

/**
 * Makes sure that a host to listen on is this machine alone, whatever it is called: `localhost` is what the system's
 * `hosts` file says.
 * @throws StartError where it leads elsewhere, or nowhere
 */
export async function requireLoopback(host: string, resolve: Resolve = resolveAll): Promise<void> {
  const addresses = await resolve(host).catch((error: unknown) => {
    throw new StartError(`${host} could not be resolved (--host, HOST)`, error)
  })
  const elsewhere = addresses.find(({ address }) => !isLoopbackHost(address))
  if (elsewhere === undefined && addresses.length > 0) return
  throw new StartError(
    `bypass listens on this machine alone, and ${host} is ${elsewhere?.address ?? 'no address'} here (--host, HOST)`,
  )
}
