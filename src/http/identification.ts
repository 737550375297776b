import type { CallOrigin, ClientContext, Credential, Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { createClientContext } from './client-context.js'
import { createCookieJar } from './cookies.js'
import { readCredential, readToRecall } from './credentials.js'
import type { Demand, GuardCall } from './host-types.js'
import type { Connection, HttpDependencies } from './http-app-types.js'
import { requestIdOf } from './request-id.js'
import { headersOfSent, type Sent } from './sent-headers.js'

export interface Identified {
  readonly identity: Identity
  readonly credential: Credential
}

export interface Identification {
  originOf(call: GuardCall): CallOrigin
  /** The same where memory knows the token, at once; null where `identify` has to be asked. @throws SallyportError as `identify` */
  recall(call: Pick<GuardCall, 'header'>): Identified | null
  /**
   * Who is calling; null where the demand lets in anybody, and nobody is known.
   * @throws SallyportError as `authenticate` of `HttpDependencies`
   */
  identify(call: GuardCall, origin: CallOrigin, demand: Pick<Demand, 'mode' | 'fresh'>): Promise<Identified | null>
}

/** Who is calling what is not ours. */
export function createIdentification(
  dependencies: Pick<HttpDependencies, 'config' | 'clock' | 'authenticate' | 'recall'>,
): Identification {
  const { config, clock } = dependencies
  const { accessName } = createCookieJar(config)
  const clientOf = createClientContext(config.server.trustProxy)
  return {
    originOf: (call) =>
      new LazyOrigin(() => clientOf(call.header, call.remoteAddress, requestIdOf(call.header('x-request-id'), clock))),

    recall({ header }) {
      if (dependencies.recall === undefined) return null
      const credential = readToRecall(header, accessName)
      if (credential === null) return null
      const identity = dependencies.recall(credential, header('x-tenant-id') ?? null)
      return identity === null ? null : { identity, credential }
    },

    async identify({ header }, origin, { mode, fresh = false }) {
      try {
        const credential = readCredential(header, accessName)
        if (credential === null) throw new SallyportError('unauthenticated')
        const identity = await dependencies.authenticate(credential, origin, header('x-tenant-id') ?? null, fresh)
        return { identity, credential }
      } catch (error) {
        if (mode === 'optional' && isAnonymous(error)) return null
        throw error
      }
    },
  }
}

/** The library's `authenticate`: the same of a `Request` or its headers. */
export function createRequestAuthentication(
  dependencies: Parameters<typeof createIdentification>[0],
): (request: Sent, connection?: Connection) => Promise<Identity | null> {
  const { originOf, identify, recall } = createIdentification(dependencies)
  return async (request, connection) => {
    const read = headersOfSent(request)
    const header = (name: string) => read(name) ?? undefined
    const call = { method: 'GET', header, host: '', remoteAddress: connection?.remoteAddress ?? null }
    try {
      const known = recall(call) ?? (await identify(call, originOf(call), { mode: 'optional' }))
      return known === null ? null : known.identity
    } catch (error) {
      if (isAnonymous(error)) return null
      throw error
    }
  }
}

/** A tenant that is not the token's is a contradiction, not an absence; and where nobody can tell, nobody is not the answer. */
function isAnonymous(error: unknown): boolean {
  return error instanceof SallyportError && error.status < 500 && error.code !== 'forbidden'
}

/** Where it comes from costs more than all else, and is asked where sessions are bound to that, or renewed. */
class LazyOrigin implements CallOrigin {
  #client: ClientContext | null = null
  readonly #make: () => ClientContext

  constructor(make: () => ClientContext) {
    this.#make = make
  }

  get client(): ClientContext {
    this.#client ??= this.#make()
    return this.#client
  }
}
