import type { Auth } from '../auth-types.js'
import type { AccessClaims } from '../contract/access-claims.js'
import type { Identity } from '../contract/identity.js'
import type { Admitted, Demand, GuardCall, Guarded, Host } from '../http/host-types.js'

/** What a guard asks of the caller of a route. Of several roles or permissions the caller must have all. */
export interface GuardOptions extends Omit<Demand, 'mode'> {
  /** Whose guard it is. Default: the `auth` that was mounted ahead of the route. */
  readonly auth?: Pick<Auth, 'host'>
}

/** A request on its way through the application around. Private, so that whoever logs a request logs no token. */
class Visit {
  readonly #host: Host
  #admitted: Admitted | null = null

  constructor(host: Host) {
    this.#host = host
  }

  get host(): Host {
    return this.#host
  }

  get admitted(): Admitted | null {
    return this.#admitted
  }

  pass(call: GuardCall, demand: Demand): Guarded | Promise<Guarded> {
    const guarded = this.#host.guard(call, demand, this.#admitted)
    return guarded instanceof Promise ? guarded.then((late) => this.#note(late)) : this.#note(guarded)
  }

  #note(guarded: Guarded): Guarded {
    if (!('refusal' in guarded)) this.#admitted = guarded
    return guarded
  }
}

/** A property of the request itself: a WeakMap costs a microsecond for each, a third of what a guard may. */
const VISIT = Symbol('sallyport')

interface Visited {
  [VISIT]?: Visit
}

/** Notes whose surface stands ahead of what follows. @param request what the framework hands to every handler of a request */
export function openVisit(request: object, { host }: Pick<Auth, 'host'>): void {
  const visited: Visited = request
  visited[VISIT] = new Visit(host)
}

function visitOf(request: object, auth: GuardOptions['auth']): Visit {
  const visited: Visited = request
  const visit = visited[VISIT]
  if (visit !== undefined && (auth === undefined || auth.host === visit.host)) return visit
  if (auth === undefined) {
    throw new Error(
      'A guard of Sallyport stands ahead of `sallyport(auth)`: mount that first, or give the guard `{ auth }`.',
    )
  }
  const opened = new Visit(auth.host)
  visited[VISIT] = opened
  return opened
}

/** Where nobody needs to be known, nothing can be asked of who it is. */
const RIGHTS: Readonly<Record<Demand['mode'], ReadonlySet<string>>> = {
  require: new Set(['roles', 'permissions', 'fresh', 'recentAuthentication', 'csrf']),
  optional: new Set(['fresh', 'csrf']),
}

/**
 * What a guard asks, looked at when it is made: without types nobody else would see that a misspelt right asks for nothing.
 * @throws Error for a name that is none of the options, and for a list without anything in it
 */
export function demandOf(mode: Demand['mode'], rights: Omit<Demand, 'mode'>): Demand {
  const unknown = Object.keys(rights).find((name) => !RIGHTS[mode].has(name))
  if (unknown !== undefined) throw new Error(`This guard has no option \`${unknown}\`.`)
  if ('roles' in rights) checkNames('roles', rights.roles)
  if ('permissions' in rights) checkNames('permissions', rights.permissions)
  return { mode, ...rights }
}

function checkNames(kind: 'roles' | 'permissions', names: unknown): void {
  if (!Array.isArray(names) || names.length === 0) throw new Error(`Name the ${kind} that are needed.`)
}

/**
 * Lets a request pass, or has the answer that refuses it. Who was let in is noted with the request.
 * @throws Error where a request comes that no mount has seen: nobody is let in by mistake
 */
export type Gate = (request: object, call: GuardCall) => Guarded | Promise<Guarded>

/** The one gate behind the guards of all adapters. */
export function createGate(mode: Demand['mode'], { auth, ...rights }: GuardOptions = {}): Gate {
  const demand = demandOf(mode, rights)
  return (request, call) => visitOf(request, auth).pass(call, demand)
}

/** The options of a guard that asks for these alone. @throws Error for an empty list, which would ask for nothing */
export function demandAll(kind: 'roles' | 'permissions', names: readonly string[]): GuardOptions {
  checkNames(kind, names)
  return { [kind]: names }
}

export function identityOf(request: object): Identity | null {
  return admittedTo(request)?.identity ?? null
}

export function claimsOf(request: object): AccessClaims | null {
  const admitted = admittedTo(request)
  return admitted === null ? null : (hostOf(request)?.claimsOf(admitted) ?? null)
}

/** Whose surface stands ahead; null where no mount or guard has seen the request. */
export function hostOf(request: object): Host | null {
  const visited: Visited = request
  return visited[VISIT]?.host ?? null
}

function admittedTo(request: object): Admitted | null {
  const visited: Visited = request
  return visited[VISIT]?.admitted ?? null
}
