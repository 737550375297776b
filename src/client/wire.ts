import type { OperationId } from '../contract/operation-types.js'
import { OPERATIONS } from '../contract/operations.js'
import { SallyportClientError } from './client-error.js'
import type { CallOptions, ClientOptions, Fetch } from './client-types.js'
import { isRecord, parseJson } from './json.js'
import { type Answer, refusalOf, strange } from './refusal.js'
import type { Surroundings } from './surroundings.js'

export interface WireInput {
  readonly params?: object
  readonly query?: object
  readonly body?: object
}

/** One operation as it goes out. */
export interface Outgoing extends CallOptions {
  readonly id: OperationId
  readonly input?: WireInput | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the browser's cookies go along and are kept. */
  readonly cookies: boolean
  /** To be asked again where no answer came, although it writes. */
  readonly repeatable?: boolean
  /** Instead of plain `fetch`. */
  readonly via?: Fetch
}

export interface Wire {
  /** Such as `sallyport:https://accounts.example.com/auth`: names the server for this device. */
  name(): string
  url(path: string): URL
  /** The `fetch` that was handed in, or the global one. */
  plain(): Fetch
  /** @throws SallyportClientError whatever is no success, the reason of the signal */
  ask(outgoing: Outgoing): Promise<Answer>
  /** Once. @throws as `ask`, but a refusal is an answer */
  askOnce(outgoing: Outgoing): Promise<Answer>
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>
}

const ATTEMPTS = 3
/** Seconds: who is told to wait longer is told so. */
const PATIENCE = 10
/** What repeats without harm where the server says it did nothing (RFC 9110 §9.2.2). */
const IDEMPOTENT: readonly string[] = ['GET', 'PUT', 'DELETE']

/** Method, path, and whether only who is signed in gets an answer. */
export function operationOf(id: OperationId): {
  readonly method: string
  readonly path: string
  readonly isGuarded: boolean
} {
  const [method = '', path = '', guarded] = OPERATIONS[id].split(' ')
  return { method, path, isGuarded: guarded === 'auth' }
}

export function createWire(options: ClientOptions, surroundings: Surroundings): Wire {
  const { authPath = '/auth', tenantId, timeout: usual = 15_000 } = options
  let base: URL | undefined
  const plain = () => options.fetch ?? surroundings.fetch()

  function url(path: string): URL {
    base ??= new URL(options.baseUrl, surroundings.address())
    const prefix = base.pathname.replace(/\/$/, '')
    return new URL(prefix + path.replace(/^\/auth(?=\/)/, authPath), base)
  }

  /** @throws SallyportClientError `network`, `timeout`; the reason of the signal */
  async function within<T>(
    work: (signal: AbortSignal) => Promise<T>,
    { signal, timeout = usual }: CallOptions,
  ): Promise<T> {
    const giveUp = new AbortController()
    const { signal: given } = giveUp
    const abort = () => giveUp.abort(signal?.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    const cancel = surroundings.later(timeout, () =>
      giveUp.abort(new SallyportClientError('timeout', { detail: `No answer came within ${timeout} ms.` })),
    )
    try {
      // A signal does not reach every body that is being read.
      return await new Promise<T>((resolve, reject) => {
        given.addEventListener('abort', reject)
        work(given).then(resolve, reject)
      })
    } catch (cause) {
      if (given.aborted) throw given.reason
      if (cause instanceof SallyportClientError) throw cause
      throw new SallyportClientError('network', { detail: 'The server could not be reached.', cause })
    } finally {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
  }

  function askOnce({ id, input = {}, headers, cookies, via, ...limits }: Outgoing): Promise<Answer> {
    const { method, path } = operationOf(id)
    const target = url(filled(path, input.params))
    for (const [name, values] of Object.entries(input.query ?? {})) {
      for (const value of [values].flat()) if (value !== undefined) target.searchParams.append(name, String(value))
    }
    const fetch = via ?? plain()
    return within(async (signal) => {
      const response = await fetch(target.href, {
        method,
        headers: {
          ...(input.body && { 'content-type': 'application/json' }),
          ...(tenantId && { 'x-tenant-id': tenantId }),
          ...headers,
        },
        ...(input.body && { body: JSON.stringify(input.body) }),
        credentials: cookies ? 'include' : 'omit',
        // The server redirects none of these, so whatever does is somebody else.
        redirect: 'error',
        signal,
      })
      const { status, headers: fields } = response
      const text = await response.text()
      const body = text === '' ? undefined : parseJson(text)
      if (response.ok && text !== '' && body === undefined) throw strange()
      return { status, headers: fields, body }
    }, limits)
  }

  async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    let stop = () => {}
    const wait = () =>
      new Promise<void>((resolve) => {
        // Somebody waits for the answer: a program must not end before it has come.
        stop = surroundings.later(milliseconds, resolve, true)
      })
    await within(wait, { ...(signal && { signal }), timeout: milliseconds + 1 }).finally(() => stop())
  }

  /** Milliseconds to wait before it is asked again; null where it is not. */
  function pauseAfter(error: unknown, { id, repeatable }: Outgoing, attempt: number): number | null {
    if (!(error instanceof SallyportClientError) || attempt >= ATTEMPTS) return null
    const { method } = operationOf(id)
    const { status, code, retryAfter = 0 } = error
    const isBusy = status === 429 || status === 503
    // Of an answer that was lost nobody knows what became of the request.
    const repeats = isBusy ? IDEMPOTENT.includes(method) : method === 'GET' && isLost(error) && code !== 'timeout'
    if (!(repeats || (repeatable && (isBusy || isLost(error)))) || retryAfter > PATIENCE) return null
    return retryAfter * 1000 + surroundings.random() * 500 * 2 ** attempt
  }

  return {
    name: () => `sallyport:${url('/auth/').href}#${tenantId ?? ''}`,
    url,
    plain,
    askOnce,
    pause,
    async ask(outgoing) {
      for (let attempt = 1; ; attempt++) {
        try {
          const answer = await askOnce(outgoing)
          if (answer.status >= 200 && answer.status < 300) return answer
          throw refusalOf(answer)
        } catch (error) {
          const wait = pauseAfter(error, outgoing, attempt)
          if (wait === null) throw error
          await pause(wait, outgoing.signal)
        }
      }
    },
  }
}

/** True where nobody can tell whether the server did it. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof SallyportClientError)) return false
  // Of its own, or a proxy's that does not know.
  return ['network', 'timeout'].includes(error.code) || [502, 504].includes(error.status)
}

/** @throws TypeError for a parameter that is none: a path without it would be another operation */
function filled(path: string, params: object = {}): string {
  const values = isRecord(params) ? params : {}
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name]
    // A browser takes `..` out of a path, encoded or not.
    if (typeof value !== 'string' || /^\.{0,2}$/.test(value)) throw new TypeError(`"${name}" is no id.`)
    return encodeURIComponent(value)
  })
}
