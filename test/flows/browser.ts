import { z } from 'zod'
import { TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  /** Everything after the value, sorted, without the path: `httponly`, `max-age=60`. */
  readonly attributes: readonly string[]
}

/** A page of `origin` in a browser, as far as cookies and the headers that browsers add are concerned. */
export class Browser {
  /** Those that carry tokens. */
  readonly cookies = new Map<string, Cookie>()
  /** The one by which a browser is known again. */
  device: Cookie | undefined
  readonly #auth: TestAuth
  readonly #origin: string

  constructor(auth: TestAuth, origin: string = TEST_ORIGIN) {
    this.#auth = auth
    this.#origin = origin
  }

  async send(
    method: string,
    path: string,
    options: { readonly json?: unknown; readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const { json, headers = {} } = options
    const cookie = this.cookieHeader(path)
    const answer = await this.#auth.request(path, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(method === 'GET' ? {} : { origin: this.#origin }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(cookie === '' ? {} : { cookie }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    for (const set of readCookies(answer)) this.#keep(set)
    this.device = readDeviceCookie(answer) ?? this.device
    return answer
  }

  /** The `Cookie` header for a path, the longest cookie path first (RFC 6265 §5.4). */
  cookieHeader(path: string): string {
    return [...this.cookies.values(), ...(this.device ? [this.device] : [])]
      .filter((cookie) => isWithin(path.replace(/\?.*$/, ''), cookie.path))
      .sort((left, right) => right.path.length - left.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** The value of the one cookie of that name, wherever it is valid. */
  value(name: string): string | undefined {
    return [...this.cookies.values()].find((cookie) => cookie.name === name)?.value
  }

  /** The headers that a write needs: the CSRF token of this session. */
  async csrf(): Promise<Record<string, string>> {
    const answer = await this.send('GET', '/auth/csrf')
    const { csrf_token } = z.strictObject({ csrf_token: z.string() }).parse(await answer.json())
    return { 'x-csrf-token': csrf_token }
  }

  #keep(cookie: Cookie): void {
    const key = `${cookie.name};${cookie.path}`
    if (cookie.attributes.includes('max-age=0')) this.cookies.delete(key)
    else this.cookies.set(key, cookie)
  }
}

/** The cookies for tokens that an answer sets or clears, in its order. */
export function readCookies(answer: Response): readonly Cookie[] {
  return allCookies(answer).filter((cookie) => !isDevice(cookie))
}

function readDeviceCookie(answer: Response): Cookie | undefined {
  return allCookies(answer).find(isDevice)
}

function isDevice({ name }: Cookie): boolean {
  return name === 'known_device' || name === '__Host-known_device'
}

function allCookies(answer: Response): readonly Cookie[] {
  return answer.headers.getSetCookie().map((line) => {
    const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
    const equals = pair.indexOf('=')
    const path = rest.find((part) => part.startsWith('Path='))?.slice('Path='.length) ?? ''
    return {
      name: pair.slice(0, equals),
      value: pair.slice(equals + 1),
      path,
      attributes: rest
        .filter((part) => !part.startsWith('Path='))
        .map((part) => part.toLowerCase())
        .sort(),
    }
  })
}

function isWithin(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
