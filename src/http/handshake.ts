import { SallyportError } from '../contract/sallyport-error.js'
import { systemClock } from '../runtime/clock.js'
import type { HeaderGetter } from './credentials.js'
import { fieldsOf } from './fields.js'
import type { DoorCall, HttpApp, HttpConfig } from './http-app-types.js'
import { earlyRefusal, type ProblemAnswer } from './problem.js'
import { requestIdOf } from './request-id.js'
import { securityHeaders } from './security-headers.js'

export const WEBSOCKET_PATH = '/ws'

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/
const VERSION = '13'

interface Handshake {
  readonly method: string
  readonly header: HeaderGetter
}

/** The answer to a request for a WebSocket that is none by RFC 6455 §4.2.1; null for one that is. */
export function refusalOfHandshake(
  handshake: Handshake,
  common: Readonly<Record<string, string>>,
): ProblemAnswer | null {
  const { method, header } = handshake
  if (method !== 'GET') return refusal(handshake, common, new SallyportError('method_not_allowed'), { allow: 'GET' })
  // Its bytes would be read as frames, and by somebody in front as something else.
  if (Number(header('content-length') ?? 0) !== 0 || (header('transfer-encoding') ?? null) !== null) {
    const detail = 'The request for a WebSocket has no body.'
    return refusal(handshake, common, new SallyportError('invalid_request', { detail }))
  }
  if (!KEY.test(header('sec-websocket-key') ?? '')) {
    const detail = 'The header `Sec-WebSocket-Key` must hold 16 bytes in base64.'
    return refusal(handshake, common, new SallyportError('invalid_request', { detail }))
  }
  if (header('sec-websocket-version') === VERSION) return null
  // RFC 6455 §4.4
  const detail = `The version of the WebSocket protocol is ${VERSION}.`
  const headers = { ...UPGRADE, 'sec-websocket-version': VERSION }
  return refusal(handshake, common, new SallyportError('invalid_request', { detail }), headers, UPGRADE_REQUIRED)
}

/** An application whose server takes WebSockets: who asks for its path without one is told what is there. */
export function withWebSocketPath(app: HttpApp, config: HttpConfig): HttpApp {
  const common = securityHeaders(config)
  const answer = (call: DoorCall) => {
    const { status, headers, body } = refusalOfRequest(call, common)
    return { status, fields: fieldsOf(headers), body: call.method === 'HEAD' ? null : body }
  }
  return {
    ...app,
    answer: (call) => (call.path === WEBSOCKET_PATH ? answer(call) : app.answer(call)),
    knock: (call) => (call.path === WEBSOCKET_PATH ? answer(call) : app.knock(call)),
  }
}

/** RFC 9110 §15.5.22. */
function refusalOfRequest(call: DoorCall, common: Readonly<Record<string, string>>): ProblemAnswer {
  if (call.method !== 'GET' && call.method !== 'HEAD') {
    return refusal(call, common, new SallyportError('method_not_allowed'), { allow: 'GET' })
  }
  const detail =
    'A WebSocket is here: ask with `Connection: Upgrade` and `Upgrade: websocket`. A proxy in between has to pass them on.'
  return refusal(call, common, new SallyportError('invalid_request', { detail }), UPGRADE, UPGRADE_REQUIRED)
}

const UPGRADE_REQUIRED = 426
const UPGRADE = { upgrade: 'websocket', connection: 'Upgrade, close' }

function refusal(
  { header }: Handshake,
  common: Readonly<Record<string, string>>,
  error: SallyportError,
  more: Readonly<Record<string, string>> = {},
  status = error.status,
): ProblemAnswer {
  const requestId = requestIdOf(header('x-request-id'), systemClock)
  const { headers, ...rest } = earlyRefusal(error, common, status, requestId)
  return { ...rest, headers: { ...headers, ...more } }
}
