import type { ClientContext } from '../contract/identity.js'
import { type Answer, answerOf, finished } from './answer.js'
import { createClientContext } from './client-context.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'
import type { Door, DoorReply, DoorRequest, Shortcut } from './door.js'
import { checkValue, fieldsOf } from './fields.js'
import type { DoorCall, HttpApp, HttpDependencies } from './http-app-types.js'
import { createOriginPolicy } from './origins.js'
import { problemAnswer } from './problem.js'
import { createRenewal, type Renewable, type Renewed } from './renewal.js'
import type { RouteDurations } from './request-durations.js'
import { requestIdOf } from './request-id.js'
import { logRequest } from './request-log.js'
import { pathsOf } from './router.js'
import { securityHeaders } from './security-headers.js'

/** Who answers at a path; null where that is left to the route. */
type Keeper = (call: DoorCall) => Answer | Promise<Answer> | null

/** What is the same for every answer at a path. */
interface Place {
  readonly durations: RouteDurations
  /** The fields that stand first. */
  readonly first: readonly string[]
  /** The path, where its requests are logged. */
  readonly logged: string | null
}

interface Arrival {
  readonly place: Place
  readonly call: DoorCall
  readonly requestId: string
  /** As `performance.now()` gave it. */
  readonly started: number
}

type Given = Pick<Answer, 'status' | 'body'> & Pick<DoorReply, 'fields'>

/**
 * Answers at the doors' paths and takes the shortcuts of routes, with the little that every answer must carry. What memory
 * can answer waits for nothing: a promise costs more than the rest of it.
 */
export function createDoors(
  dependencies: Pick<
    HttpDependencies,
    'doors' | 'shortcuts' | 'config' | 'clock' | 'logger' | 'renew' | 'admit' | 'durations'
  >,
): HttpApp['knock'] {
  const { config, clock, logger, durations, shortcuts = [] } = dependencies
  const clientOf = createClientContext(config.server.trustProxy)
  const common = Object.entries(securityHeaders(config)).flat()
  // As a route says wherever some origin may read its answers.
  const varied = createOriginPolicy(config).readers.size > 0 ? [...common, 'vary', 'Origin'] : common
  const jar = createCookieJar(config)
  const renew = createRenewal(dependencies)
  const keepers = new Map<string, Keeper>()
  for (const door of dependencies.doors) {
    for (const path of door.paths(config)) {
      keepers.set(path, keeperOf(door, { durations: durations.of(path), first: common, logged: null }))
    }
  }
  for (const shortcut of shortcuts) {
    for (const path of shortcut.routes.flatMap((route) => pathsOf(route, config))) {
      const logged = shortcut.isLogged ? path : null
      keepers.set(path, keeperOfShortcut(shortcut, { durations: durations.of(path), first: varied, logged }))
    }
  }

  function arrivalOf(place: Place, call: DoorCall): Arrival {
    const started = performance.now()
    return { place, call, requestId: requestIdOf(call.header('x-request-id'), clock), started }
  }

  function requestOf({ call, requestId }: Arrival): DoorRequest {
    return new LazyDoorRequest(call, () => clientOf(call.header, call.remoteAddress, requestId))
  }

  function keeperOf(door: Door, place: Place): Keeper {
    return (call) => {
      const arrival = arrivalOf(place, call)
      try {
        dependencies.admit?.(call)
        const reply = door.recall?.(call) ?? null
        return reply === null ? ask(door, arrival) : give(arrival, reply, reply.caller)
      } catch (error) {
        return refusal(arrival, error)
      }
    }
  }

  function keeperOfShortcut({ recall }: Shortcut, place: Place): Keeper {
    return (call) => {
      if (call.method !== 'GET' || call.header('origin') !== undefined) return null
      const arrival = arrivalOf(place, call)
      try {
        dependencies.admit?.(call)
        const recalled = recall(call)
        return recalled && give(arrival, answerOf(recalled.reply, jar), recalled.caller)
      } catch {
        return null
      }
    }
  }

  async function ask(door: Door, arrival: Arrival): Promise<Answer> {
    try {
      const reply = await door.answer(requestOf(arrival))
      return await give(arrival, reply, reply.caller)
    } catch (error) {
      return refusal(arrival, error)
    }
  }

  /** At once, but for a token that is due for another one. */
  function give(arrival: Arrival, { status, fields, body }: Given, caller?: Renewable): Answer | Promise<Answer> {
    const { place, requestId } = arrival
    const sent = sentFields(place.first, requestId, fields)
    const renewing = caller === undefined ? null : renew(caller, requestOf(arrival))
    if (renewing === null) return end(arrival, status, sent, body)
    return renewing
      .then((renewed) => end(arrival, status, renewed === null ? sent : [...sent, ...fieldsOfRenewal(renewed)], body))
      .catch((error: unknown) => refusal(arrival, error))
  }

  function end({ place, call, requestId, started }: Arrival, status: number, fields: string[], body: Answer['body']) {
    const { durations, logged } = place
    durations.record(call.method, status, started)
    if (logged !== null) logRequest(logger, requestId, call.method, logged, status, started)
    return finished(call.method, status, fields, body)
  }

  function refusal(arrival: Arrival, error: unknown): Answer {
    const { place, requestId } = arrival
    const { status, headers, body } = problemAnswer(error, requestId, logger)
    return end(arrival, status, sentFields(place.first, requestId, fieldsOf(headers)), body)
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
