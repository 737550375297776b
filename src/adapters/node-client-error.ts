import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { SallyportError } from '../contract/sallyport-error.js'
import { earlyRefusal } from '../http/problem.js'

/** Statuses of the parser that have no code of their own in the catalogue. */
const STATUSES: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** Answers what Node's parser refused, and closes: after a framing error nobody knows where the next request starts. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  common: Readonly<Record<string, string>>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal = earlyRefusal(new SallyportError('invalid_request'), common, STATUSES[error.code ?? ''])
  const fields = { ...refusal.headers, connection: 'close' }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  const head = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`, ...lines].join('\r\n')
  socket.end(`${head}\r\n\r\n${refusal.body}`)
}
