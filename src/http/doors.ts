import type { ClientContext } from '../contract/identity.js'
import { type Answer, answerOf, finished } from './answer.js'
import { createClientContext } from './client-context.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'
import type { Door, DoorRequest, Shortcut } from './door.js'
import { checkValue, fieldsOf } from './fields.js'
import type { DoorCall, HttpApp, HttpDependencies } from './http-app-types.js'
import { createOriginPolicy } from './origins.js'
import { problemAnswer } from './problem.js'
import { createRenewal, mayBeRenewed, type Renewable, type Renewed } from './renewal.js'
import type { RouteDurations } from './request-durations.js'
import { requestIdOf } from './request-id.js'
import { logRequest } from './request-log.js'
import { pathsOf } from './router.js'
import { securityHeaders } from './security-headers.js'

/** Who answers at a path; null where that is left to the route. */
type Keeper = (call: DoorCall) => Answer | Promise<Answer> | null

/**
 * Answers at the doors' paths and takes the shortcuts of routes, with the little that every answer must carry. What memory
 * can answer waits for nothing: a promise costs more than the rest of it.
 */
export function createDoors(
  dependencies: Pick<
    HttpDependencies,
    'doors' | 'shortcuts' | 'config' | 'clock' | 'logger' | 'renew' | 'mayRenew' | 'admit' | 'durations'
  >,
): HttpApp['knock'] {
  const { config, clock, logger, shortcuts = [] } = dependencies
  const clientOf = createClientContext(config.server.trustProxy)
  const common = Object.entries(securityHeaders(config)).flat()
  const jar = createCookieJar(config)
  const renew = createRenewal(dependencies)
  const keepers = new Map<string, Keeper>()
  for (const door of dependencies.doors) {
    for (const path of door.paths(config)) keepers.set(path, keeperOf(door, dependencies.durations.of(path)))
  }
  // As the route says wherever some origin may read its answers.
  const varied = createOriginPolicy(config).readers.size > 0 ? [...common, 'vary', 'Origin'] : common
  for (const shortcut of shortcuts) {
    for (const path of shortcut.routes.flatMap((route) => pathsOf(route, config))) {
      keepers.set(path, keeperOfShortcut(shortcut, path))
    }
  }

  function isDue(caller: Renewable | undefined): boolean {
    return caller !== undefined && mayBeRenewed(caller, dependencies)
  }

  function keeperOf(door: Door, durations: RouteDurations): Keeper {
    return (call) => {
      const started = performance.now()
      try {
        dependencies.admit?.(call)
        const reply = door.recall?.(call) ?? null
        if (reply === null || isDue(reply.caller)) return answer(door, durations, call, started)
        const fields = sentFields(common, requestIdOf(call.header('x-request-id'), clock), reply.fields)
        durations.record(call.method, reply.status, started)
        return finished(call.method, reply.status, fields, reply.body)
      } catch (error) {
        return refusal(error, durations, call, started)
      }
    }
  }

  function keeperOfShortcut({ recall, isLogged }: Shortcut, path: string): Keeper {
    const durations = dependencies.durations.of(path)
    return (call) => {
      if (call.method !== 'GET' || call.header('origin') !== undefined) return null
      const started = performance.now()
      try {
        dependencies.admit?.(call)
        const recalled = recall(call)
        if (recalled === null || isDue(recalled.caller)) return null
        const { status, fields, body } = answerOf(recalled.reply, jar)
        const requestId = requestIdOf(call.header('x-request-id'), clock)
        const sent = sentFields(varied, requestId, fields)
        durations.record(call.method, status, started)
        if (isLogged) logRequest(logger, requestId, call.method, path, status, started)
        return finished(call.method, status, sent, body)
      } catch {
        return null
      }
    }
  }

  async function answer(door: Door, durations: RouteDurations, call: DoorCall, started: number): Promise<Answer> {
    const requestId = requestIdOf(call.header('x-request-id'), clock)
    try {
      const request = new LazyDoorRequest(call, () => clientOf(call.header, call.remoteAddress, requestId))
      const { status, fields, body, caller } = await door.answer(request)
      const sent = sentFields(common, requestId, fields)
      const renewed = caller === undefined ? null : await renew(caller, request)
      if (renewed !== null) sent.push(...fieldsOfRenewal(renewed))
      durations.record(call.method, status, started)
      return finished(call.method, status, sent, body)
    } catch (error) {
      return refusal(error, durations, call, started, requestId)
    }
  }

  function refusal(
    error: unknown,
    durations: RouteDurations,
    { method, header }: DoorCall,
    started: number,
    requestId = requestIdOf(header('x-request-id'), clock),
  ): Answer {
    const { status, headers, body } = problemAnswer(error, requestId, logger)
    durations.record(method, status, started)
    return finished(method, status, sentFields(common, requestId, fieldsOf(headers)), body)
  }

  function fieldsOfRenewal({ headers = {}, cookies }: Renewed): string[] {
    const ofCookies = cookies === undefined ? [] : setCookieHeaders(jar, cookies)
    return [...Object.entries(headers).flat(), ...ofCookies.flatMap((value) => ['set-cookie', value])]
  }

  return (call) => keepers.get(call.path)?.(call) ?? null
}

/** @throws Error as `checkValue` */
function sentFields(first: readonly string[], requestId: string, own: readonly string[]): string[] {
  const fields = [...first, 'x-request-id', requestId]
  for (let at = 0; at < own.length; at += 2) {
    const [name = '', value = ''] = [own[at], own[at + 1]]
    fields.push(name, checkValue(name, value))
  }
  return fields
}

/** Whose request it is costs more than the rest, and the hottest door does not ask. */
class LazyDoorRequest implements DoorRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly header: DoorRequest['header']
  readonly remoteAddress: string | null
  readonly #clientOf: () => ClientContext

  constructor(call: DoorCall, clientOf: () => ClientContext) {
    this.method = call.method
    this.path = call.path
    this.query = call.query
    this.header = call.header
    this.remoteAddress = call.remoteAddress
    this.#clientOf = clientOf
  }

  get client(): ClientContext {
    return this.#clientOf()
  }
}
