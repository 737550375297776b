import type { ClientContext } from '../contract/identity.js'
import { type Answer, finished } from './answer.js'
import { createClientContext } from './client-context.js'
import { createCookieJar, setCookieHeaders } from './cookies.js'
import type { Door, DoorReply, DoorRequest } from './door.js'
import { checkValue } from './fields.js'
import type { DoorCall, HttpApp, HttpDependencies } from './http-app-types.js'
import { problemAnswer } from './problem.js'
import { createRenewal, type Renewed } from './renewal.js'
import type { RouteDurations } from './request-durations.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

/** Answers at the doors' paths, with the little that every answer must carry. */
export function createDoors(
  dependencies: Pick<HttpDependencies, 'doors' | 'config' | 'clock' | 'logger' | 'renew' | 'admit' | 'durations'>,
): HttpApp['knock'] {
  const { config, clock, logger } = dependencies
  const clientOf = createClientContext(config.server.trustProxy)
  const common = Object.entries(securityHeaders(config))
  const jar = createCookieJar(config)
  const renew = createRenewal(dependencies)
  const doors = new Map<string, OpenDoor>()
  for (const door of dependencies.doors) {
    for (const path of door.paths(config)) doors.set(path, { door, durations: dependencies.durations.of(path) })
  }

  /** The door's own in place of ours. Built in one go: a door is the hottest place of all. */
  function fieldsOf(requestId: string, own: DoorReply['headers']): string[] {
    const fields: string[] = []
    for (const [name, value] of common) if (own[name] === undefined) fields.push(name, value)
    if (own['x-request-id'] === undefined) fields.push('x-request-id', requestId)
    for (const name in own) fields.push(name, checkValue(name, own[name] ?? ''))
    return fields
  }

  function fieldsOfRenewal({ headers = {}, cookies }: Renewed): string[] {
    const ofCookies = cookies === undefined ? [] : setCookieHeaders(jar, cookies)
    return [...Object.entries(headers).flat(), ...ofCookies.flatMap((value) => ['set-cookie', value])]
  }

  async function answer({ door, durations }: OpenDoor, call: DoorCall): Promise<Answer> {
    const started = performance.now()
    const requestId = requestIdOf(call.header('x-request-id'), clock)
    try {
      dependencies.admit?.(call)
      const request = new LazyDoorRequest(call, () => clientOf(call.header, call.remoteAddress, requestId))
      const { status, headers, body, caller } = await door.answer(request)
      const fields = fieldsOf(requestId, headers)
      const renewed = caller === undefined ? null : await renew(caller, request)
      if (renewed !== null) fields.push(...fieldsOfRenewal(renewed))
      durations.record(call.method, status, started)
      return finished(call.method, status, fields, body)
    } catch (error) {
      const { status, headers, body } = problemAnswer(error, requestId, logger)
      durations.record(call.method, status, started)
      return finished(call.method, status, fieldsOf(requestId, headers), body)
    }
  }

  return (call) => {
    const open = doors.get(call.path)
    return open !== undefined && (open.door.takes?.(call) ?? true) ? answer(open, call) : null
  }
}

interface OpenDoor {
  readonly door: Door
  readonly durations: RouteDurations
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
