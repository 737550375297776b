import { isGuestSession } from '../contract/guest-session.js'
import type { CallOrigin, Identity } from '../contract/identity.js'
import { finished } from './answer.js'
import { checkPermissions, checkRoles } from './authorization.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'
import { checkCsrf } from './csrf.js'
import { Fields, fieldsOf } from './fields.js'
import type { Admitted, Demand, GuardCall, Host } from './host-types.js'
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

  /** Who comes with a token that memory knows, to a route that needs no more; null for everybody else. */
  function enterAtOnce(call: GuardCall, demand: Demand): Admitted | null {
    if (demand.fresh || demand.recentAuthentication) return null
    const caller = recall(call)
    // What may be renewed has to wait for that.
    if (caller === null || isGuestSession(caller.identity)) return null
    checkRights(caller.identity, demand)
    const { identity, credential } = caller
    return { identity, credential, fields: demand.mode === 'optional' ? BY_ANY : NONE }
  }

  async function enter(call: GuardCall, demand: Demand, before: Admitted | null): Promise<Admitted> {
    if (before !== null && isIdentified(before)) return enterAgain(before, call, demand)
    dependencies.admit?.(call)
    const origin = originOf(call)
    const caller = await identify(call, origin, demand)
    if (caller === null) return NOBODY
    const pending = checkCaller(caller, call, demand)
    if (pending !== null) await pending
    const { identity, credential } = caller
    return { identity, credential, fields: await fieldsFor(caller, origin, demand) }
  }

  /** Somebody whom a guard before this one has let in: the fields are with the answer already. */
  async function enterAgain(before: Identified, call: GuardCall, demand: Demand): Promise<Admitted> {
    const caller = demand.fresh ? await identify(call, originOf(call), { ...demand, mode: 'require' }) : before
    const { identity, credential } = caller ?? before
    await checkCaller({ identity, credential }, call, demand)
    return { identity, credential, fields: NONE }
  }

  /** Null where nothing has to be waited for. */
  function checkCaller(caller: Identified, call: GuardCall, demand: Demand): Promise<void> | null {
    const isWrite = caller.credential.source === 'cookie' && !SAFE_METHODS.has(call.method)
    return isWrite ? checkWrite(caller, call, demand) : checkRights(caller.identity, demand)
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

  async function fieldsFor(caller: Identified, origin: CallOrigin, { mode }: Demand): Promise<readonly string[]> {
    const ofRequired = caller.credential.source === 'cookie' ? BY_COOKIE : NONE
    const vary = mode === 'optional' ? BY_ANY : ofRequired
    const renewed = await renew(caller, origin)
    return renewed === null ? vary : [...vary, ...fieldsOfRenewal(renewed)]
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

  return {
    refuse,
    guard(call, demand, before = null) {
      try {
        if (before === null) {
          dependencies.admit?.(call)
          const admitted = enterAtOnce(call, demand)
          if (admitted !== null) return admitted
        }
      } catch (error) {
        if (demand.mode === 'require') return { refusal: refuse(call, error) }
        // Whether that is a refusal or somebody unknown is decided below.
      }
      return enter(call, demand, before).catch((error: unknown) => ({ refusal: refuse(call, error) }))
    },
  }
}

function isIdentified(admitted: Admitted): admitted is Admitted & Identified {
  return admitted.identity !== null && admitted.credential !== null
}
