import { isGuestSession } from '../contract/guest-session.js'
import type { CallOrigin, Identity } from '../contract/identity.js'
import { finished } from './answer.js'
import { checkPermissions, checkRoles } from './authorization.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'
import { checkCsrf } from './csrf.js'
import { Fields, fieldsOf } from './fields.js'
import type { Admitted, Demand, GuardCall, Guarded, Host } from './host-types.js'
import type { HttpDependencies } from './http-app-types.js'
import { createIdentification, type Identified } from './identification.js'
import { createOriginPolicy } from './origins.js'
import { problemAnswer } from './problem.js'
import { createRenewal, type Renewed } from './renewal.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

/** They change nothing (RFC 9110 §9.2.1), so that nobody gains by having a browser send them. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

const NONE: readonly string[] = []
/** A shared cache keeps no answer to who came with a header, unless it is told to (RFC 9111 §3.5). A cookie it overlooks. */
const BY_COOKIE: readonly string[] = ['vary', 'Cookie']
const BY_ANY: readonly string[] = ['vary', 'Authorization, Cookie']
const NOBODY: Admitted = { identity: null, credential: null, fields: BY_ANY }

/**
 * The guard of routes that are not ours, on the hot path of applications: whatever only some requests need is worked out
 * when they do.
 */
export function createGuard(dependencies: HttpDependencies): Pick<Host, 'guard' | 'refuse'> {
  const { config, clock, logger } = dependencies
  const jar = createCookieJar(config)
  const origins = createOriginPolicy(config)
  const common = Object.entries(securityHeaders(config)).flat()
  const { originOf, identify, recall } = createIdentification(dependencies)
  const renew = createRenewal(dependencies)

  /**
   * Who comes with a token that memory knows, to a route that asks for no more; null where that has to be found out by
   * `enter`, which decides alike. A write by cookie waits for the check of where it comes from.
   */
  function enterAtOnce(call: GuardCall, demand: Demand): Admitted | Promise<Admitted> | null {
    dependencies.admit?.(call)
    if (demand.fresh || demand.recentAuthentication) return null
    const caller = recall(call)
    if (caller === null || isWrite(caller, call)) return null
    checkRights(caller.identity, demand)
    return admit(caller, call, demand)
  }

  async function enter(call: GuardCall, demand: Demand): Promise<Admitted> {
    dependencies.admit?.(call)
    const origin = originOf(call)
    const caller = await identify(call, origin, demand)
    if (caller === null) return NOBODY
    await checkCaller(caller, call, demand)
    return admit(caller, call, demand, origin)
  }

  /** With what the answer is to say: at once, but for a token that is due for another one. */
  function admit(
    { identity, credential }: Identified,
    call: GuardCall,
    { mode }: Demand,
    origin: CallOrigin | null = null,
  ): Admitted | Promise<Admitted> {
    const ofRequired = credential.source === 'cookie' ? BY_COOKIE : NONE
    const fields = mode === 'optional' ? BY_ANY : ofRequired
    // By far the most frequent: no browser, and nobody's guest.
    if (credential.source === 'header' && !isGuestSession(identity)) return { identity, credential, fields }
    const renewing = renew({ identity, credential }, origin ?? originOf(call))
    if (renewing === null) return { identity, credential, fields }
    return renewing.then((renewed) => ({
      identity,
      credential,
      fields: renewed === null ? fields : [...fields, ...fieldsOfRenewal(renewed)],
    }))
  }

  /** Somebody whom a guard before this one has let in: the fields are with the answer already. */
  function enterAgain(before: Identified, call: GuardCall, demand: Demand): Admitted | Promise<Admitted> {
    if (demand.fresh) return enterAnew(before, call, demand)
    const again = { identity: before.identity, credential: before.credential, fields: NONE }
    const pending = checkCaller(before, call, demand)
    return pending === null ? again : pending.then(() => again)
  }

  async function enterAnew(before: Identified, call: GuardCall, demand: Demand): Promise<Admitted> {
    const { identity, credential } = (await identify(call, originOf(call), { mode: 'require', fresh: true })) ?? before
    await checkCaller({ identity, credential }, call, demand)
    return { identity, credential, fields: NONE }
  }

  /** Null where nothing has to be waited for. */
  function checkCaller(caller: Identified, call: GuardCall, demand: Demand): Promise<void> | null {
    return isWrite(caller, call) ? checkWrite(caller, call, demand) : checkRights(caller.identity, demand)
  }

  function isWrite({ credential }: Identified, { method }: GuardCall): boolean {
    return credential.source === 'cookie' && !SAFE_METHODS.has(method)
  }

  async function checkWrite(caller: Identified, { header, host }: GuardCall, demand: Demand): Promise<void> {
    await checkCsrf({ guard: demand.csrf ?? 'origin', ...caller, header, host }, origins, dependencies.csrf)
    await checkRights(caller.identity, demand)
  }

  function checkRights(identity: Identity, { roles, permissions, recentAuthentication }: Demand): Promise<void> | null {
    if (roles !== undefined) checkRoles(roles, identity.roles)
    if (permissions !== undefined) checkPermissions(permissions, identity.permissions)
    return recentAuthentication ? dependencies.assertRecent(identity) : null
  }

  function fieldsOfRenewal({ headers = {}, cookies }: Renewed): string[] {
    const ofCookies = cookies === undefined ? [] : setCookieHeaders(jar, cookies)
    return ['cache-control', 'no-store', ...fieldsOf(headers), ...ofCookies.flatMap((value) => ['set-cookie', value])]
  }

  const refuse: Host['refuse'] = ({ method, header }, error) => {
    const requestId = requestIdOf(header('x-request-id'), clock)
    const { status, headers, body } = problemAnswer(error, requestId, logger)
    const fields = new Fields()
    fields.set('x-request-id', requestId)
    fields.take(fieldsOf(headers))
    return finished(method, status, fields.flat(common), body)
  }

  function orRefused(admitting: Promise<Admitted>, call: GuardCall): Promise<Guarded> {
    return admitting.catch((error: unknown) => ({ refusal: refuse(call, error) }))
  }

  return {
    refuse,
    guard(call, demand, before = null) {
      const again = before !== null && isIdentified(before) ? before : null
      try {
        const admitted = again === null ? enterAtOnce(call, demand) : enterAgain(again, call, demand)
        if (admitted !== null) return admitted instanceof Promise ? orRefused(admitted, call) : admitted
      } catch (error) {
        // Where anybody is let in `enter` tells whether that is a refusal or somebody unknown.
        if (again !== null || demand.mode === 'require') return { refusal: refuse(call, error) }
      }
      return orRefused(enter(call, demand), call)
    },
  }
}

function isIdentified(admitted: Admitted): admitted is Admitted & Identified {
  return admitted.identity !== null && admitted.credential !== null
}
