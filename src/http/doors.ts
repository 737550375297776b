import { createClientAddress } from '../runtime/client-address.js'
import { knownUserAgent } from '../runtime/user-agent.js'
import type { Door, DoorReply } from './door.js'
import type { DoorCall, HttpApp, HttpDependencies } from './http-app-types.js'
import { problemAnswer } from './problem.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

/** Answers at the doors' paths, with the little that every answer must carry. */
export function createDoors(
  dependencies: Pick<HttpDependencies, 'doors' | 'config' | 'clock' | 'logger'>,
): HttpApp['knock'] {
  const { config, clock, logger } = dependencies
  const clientAddress = createClientAddress(config.server.trustProxy)
  const common = securityHeaders(config)
  const doors = new Map<string, Door>()
  for (const door of dependencies.doors) for (const path of door.paths(config)) doors.set(path, door)

  async function answer(door: Door, call: DoorCall): Promise<DoorReply> {
    const requestId = requestIdOf(call.header('x-request-id'), clock)
    const always = { ...common, 'x-request-id': requestId }
    try {
      const ipAddress = clientAddress(call.remoteAddress, call.header('x-forwarded-for') ?? null)
      const client = { ipAddress, userAgent: knownUserAgent(call.header('user-agent')), requestId }
      const reply = await door.answer({ ...call, client })
      checkHeaders(reply.headers)
      return { ...reply, headers: { ...always, ...reply.headers } }
    } catch (error) {
      const problem = problemAnswer(error, requestId, logger)
      return { ...problem, headers: { ...always, ...problem.headers } }
    }
  }

  return (call) => {
    const door = doors.get(call.path)
    return door ? answer(door, call) : null
  }
}

// Whatever writes the answer refuses these as well, but past the point where a refusal can still be answered.
function checkHeaders(headers: DoorReply['headers']): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\x20-\x7E]*$/.test(value)) throw new Error(`The door's header ${name} has an illegal value`)
  }
}
