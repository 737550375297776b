import type { Auth } from '../auth-types.js'
import type { AccessClaims } from '../contract/access-claims.js'
import type { Identity } from '../contract/identity.js'
import type { Admitted, Demand, GuardCall, Guarded, Host } from '../http/host-types.js'

/** What a guard asks of the caller of a route. Of several roles or permissions the caller must have all. */
export interface GuardOptions extends Omit<Demand, 'mode'> {
  /** Whose guard it is. Default: the `auth` that was mounted ahead of the route. */
  readonly auth?: Pick<Auth, 'host'>
}

/** A request on its way through the application around, as the adapters know it. */
interface Visit {
  readonly host: Host
  admitted: Admitted | null
}

const visits = new WeakMap<object, Visit>()

/** Notes whose surface stands ahead of what follows. @param request what the framework hands to every handler of a request */
export function openVisit(request: object, { host }: Pick<Auth, 'host'>): void {
  visits.set(request, { host, admitted: null })
}

function visitOf(request: object, auth: GuardOptions['auth']): Visit {
  const visit = visits.get(request)
  if (visit !== undefined && (auth === undefined || auth.host === visit.host)) return visit
  if (auth === undefined) {
    throw new Error(
      'A guard of Sallyport stands ahead of `sallyport(auth)`: mount that first, or give the guard `{ auth }`.',
    )
  }
  const opened: Visit = { host: auth.host, admitted: null }
  visits.set(request, opened)
  return opened
}

/** Lets a request pass, or has the answer that refuses it. Who was let in is noted with the request. */
export type Gate = (request: object, call: GuardCall) => Promise<Guarded>

/**
 * The one gate behind the guards of all adapters.
 * @throws Error where a request comes that no mount has seen: nobody is let in by mistake
 */
export function createGate(mode: Demand['mode'], { auth, ...rights }: GuardOptions = {}): Gate {
  const demand: Demand = { mode, ...rights }
  return async (request, call) => {
    const visit = visitOf(request, auth)
    const guarded = await visit.host.guard(call, demand, visit.admitted)
    if (!('refusal' in guarded)) visit.admitted = guarded
    return guarded
  }
}

/** The options of a guard that asks for these alone. @throws Error for an empty list, which would ask for nothing */
export function demandAll(kind: 'roles' | 'permissions', names: readonly string[]): GuardOptions {
  if (names.length === 0) throw new Error(`Name the ${kind} that are needed.`)
  return { [kind]: names }
}

export function identityOf(request: object): Identity | null {
  return visits.get(request)?.admitted?.identity ?? null
}

export function claimsOf(request: object): AccessClaims | null {
  const visit = visits.get(request)
  return visit === undefined || visit.admitted === null ? null : visit.host.claimsOf(visit.admitted)
}

/** The answer to who was let in where a handler failed; null where no mount or guard has seen the request. */
export function hostOf(request: object): Host | null {
  return visits.get(request)?.host ?? null
}
