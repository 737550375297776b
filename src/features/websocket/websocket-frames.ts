import { z } from 'zod'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { ServerFrame, SocketHolder } from '../../contract/socket-frames.js'
import { type Standing, userAnswerOf } from '../tokens/token-service.js'

import type { ApplicationFrame } from './websocket-types.js'

/** Longer than any token of ours. */
const MOST_TOKEN_CHARACTERS = 8 * 1024

const authentication = z.object({
  user_id: z.string().max(128).nullish(),
  session_token: z.string().min(1).max(MOST_TOKEN_CHARACTERS),
})

const typed = z.looseObject({ type: z.string().min(1).max(128) })

/** A frame of a client, told apart by what it is for. */
export type ReadFrame =
  | { readonly kind: 'ping' }
  | { readonly kind: 'authenticate'; readonly token: string; readonly userId: string | null }
  | { readonly kind: 'application'; readonly frame: ApplicationFrame }

/** Null for what is no frame: not an object with a `type`, or one of the protocol's without what belongs to it. */
export function readFrame(value: unknown): ReadFrame | null {
  const frame = typed.safeParse(value)
  if (!frame.success) return null
  if (frame.data.type === 'ping') return { kind: 'ping' }
  if (frame.data.type !== 'authenticate' && frame.data.type !== 'reauthenticate') {
    return { kind: 'application', frame: frame.data }
  }
  const asked = authentication.safeParse(value)
  if (!asked.success) return null
  return { kind: 'authenticate', token: asked.data.session_token, userId: asked.data.user_id ?? null }
}

export function holderOf({ identity }: Standing): SocketHolder {
  return {
    user_id: identity.userId,
    session_id: identity.sessionId,
    expires_at: new Date(identity.expiresAt).toISOString(),
    user: userAnswerOf(identity),
  }
}

export function textOf(frame: ServerFrame): string {
  return JSON.stringify(frame)
}

/** What server code sends. @throws SallyportError `invalid_request` for what JSON has no text for: `undefined`, functions */
export function jsonOf(message: unknown): string {
  const text: unknown = JSON.stringify(message)
  if (typeof text !== 'string') throw new SallyportError('invalid_request', { detail: 'A message is a JSON value.' })
  return text
}
