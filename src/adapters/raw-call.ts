import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GuardCall } from '../http/host-types.js'
import type { Call } from '../http/http-app-types.js'
import { targetOf } from './node-request-line.js'
import { bodyOf } from './raw-body.js'

/**
 * A header as it was sent, whatever somebody has made of `headers` since. Of one that was sent twice both values count,
 * as in a `Headers`: who reads one of them cannot be made to read another one than the next reader.
 */
function sentHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    // Nearly no header has the length, and then the letters need not be looked at.
    if (sent === undefined || sent.length !== name.length || sent.toLowerCase() !== name) continue
    const value = rawHeaders[at + 1] ?? ''
    found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return found
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/** The headers of a request. What nobody needs is not asked for: `headers` is worked out by whoever asks first. */
function headersOf(incoming: IncomingMessage): GuardCall['header'] {
  const { rawHeaders } = incoming
  // Some hosts without a socket fill the other form alone.
  if (rawHeaders.length === 0) return (name) => joined(incoming.headers[name])
  return (name) => sentHeader(rawHeaders, name)
}

/** What a guard looks at, on the raw request. */
export class RawGuardCall implements GuardCall {
  readonly header: GuardCall['header']
  protected readonly incoming: IncomingMessage

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming
    this.header = headersOf(incoming)
  }

  get method(): string {
    return this.incoming.method ?? 'GET'
  }

  get host(): string {
    return this.header('host') ?? ''
  }

  get remoteAddress(): string | null {
    return this.incoming.socket.remoteAddress ?? null
  }
}

/** A whole request. */
export class RawCall extends RawGuardCall implements Call {
  readonly path: string
  readonly query: string
  readonly gone: AbortSignal
  readonly body: Call['body']

  /** @param url as it was sent, whatever a router has cut off since */
  constructor(incoming: IncomingMessage, outgoing: ServerResponse, url: string) {
    super(incoming)
    const { path, query } = targetOf(url)
    this.path = path
    this.query = query
    this.gone = goneSignal(outgoing)
    this.body = () => bodyOf(incoming)
  }
}

/** Aborted where the connection ends before the answer is written. */
function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  return gone.signal
}
