import type { ClientContext } from '../contract/identity.js'
import { createClientAddress } from '../runtime/client-address.js'
import { knownUserAgent } from '../runtime/user-agent.js'
import type { Door, DoorReply, DoorRequest } from './door.js'
import type { DoorAnswer, DoorCall, HttpApp, HttpDependencies } from './http-app-types.js'
import { problemAnswer } from './problem.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

/** Answers at the doors' paths, with the little that every answer must carry. */
export function createDoors(
  dependencies: Pick<HttpDependencies, 'doors' | 'config' | 'clock' | 'logger'>,
): HttpApp['knock'] {
  const { config, clock, logger } = dependencies
  const clientAddress = createClientAddress(config.server.trustProxy)
  const common = Object.entries(securityHeaders(config))
  const doors = new Map<string, Door>()
  for (const door of dependencies.doors) for (const path of door.paths(config)) doors.set(path, door)

  const clientOf = (call: DoorCall, requestId: string): ClientContext => ({
    ipAddress: clientAddress(call.remoteAddress, call.header('x-forwarded-for') ?? null),
    userAgent: knownUserAgent(call.header('user-agent')),
    requestId,
  })

  /** Names and values in turn, the door's own in place of ours. */
  function fieldsOf(requestId: string, own: DoorReply['headers']): string[] {
    const fields: string[] = []
    for (const [name, value] of common) if (own[name] === undefined) fields.push(name, value)
    if (own['x-request-id'] === undefined) fields.push('x-request-id', requestId)
    for (const name in own) fields.push(name, own[name] ?? '')
    return fields
  }

  async function answer(door: Door, call: DoorCall): Promise<DoorAnswer> {
    const requestId = requestIdOf(call.header('x-request-id'), clock)
    try {
      const { status, headers, body } = await door.answer(new LazyDoorRequest(call, () => clientOf(call, requestId)))
      checkHeaders(headers)
      return { status, fields: fieldsOf(requestId, headers), body }
    } catch (error) {
      const { status, headers, body } = problemAnswer(error, requestId, logger)
      return { status, fields: fieldsOf(requestId, headers), body }
    }
  }

  return (call) => {
    const door = doors.get(call.path)
    return door ? answer(door, call) : null
  }
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

// Whatever writes the answer refuses these as well, but past the point where a refusal can still be answered.
function checkHeaders(headers: DoorReply['headers']): void {
  for (const name in headers) {
    if (!/^[\x20-\x7E]*$/.test(headers[name] ?? '')) throw new Error(`The door's header ${name} has an illegal value`)
  }
}
