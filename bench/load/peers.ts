import type { NotMeasured } from '../benchmark.js'

const folder = new URL('../peers/', import.meta.url)

export const BARE_SERVER = new URL('bare-server.mjs', folder)
export const BETTER_AUTH_SERVER = new URL('better-auth-server.mjs', folder)
export const BETTER_AUTH_SUBJECT = new URL('better-auth-subject.mjs', folder)
export const EXPRESS_SESSION_SERVER = new URL('express-session-server.mjs', folder)

export const BETTER_AUTH = 'better-auth 1.7.7'
export const EXPRESS_SESSION = 'express-session, Redis'

export interface BetterAuthVariant {
  readonly name: string
  readonly options: {
    readonly url: string
    readonly redis: string | null
    readonly cookieCache: boolean
    readonly cheapHash: boolean
    readonly migrate: boolean
  }
}

/** Where it keeps sessions, in the four ways that its guide names. */
export function betterAuthVariants(stores: {
  readonly file: (name: string) => string
  readonly postgres: string
  readonly redis: string
}): readonly BetterAuthVariant[] {
  const plain = { redis: null, cookieCache: false, cheapHash: true, migrate: true }
  const sqlite = (name: string) => `sqlite:${stores.file(name)}`
  return [
    { name: `${BETTER_AUTH}, SQLite`, options: { ...plain, url: sqlite('better-auth.db') } },
    { name: `${BETTER_AUTH}, PostgreSQL`, options: { ...plain, url: stores.postgres } },
    { name: `${BETTER_AUTH}, Redis`, options: { ...plain, url: sqlite('better-auth-redis.db'), redis: stores.redis } },
    {
      name: `${BETTER_AUTH}, cookie cache`,
      options: { ...plain, url: sqlite('better-auth-cookie.db'), cookieCache: true },
    },
  ]
}

export function withoutPeers(reason: string | null, what: string): readonly NotMeasured[] {
  return reason === null ? [] : [{ what: `${what}: ${BETTER_AUTH} and express-session`, reason }]
}

/** Asks a server for something with a body, as its own page would. @throws Error unless it is answered with success */
export async function post(url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', origin: new URL(url).origin }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

/** What a browser would send back. */
export function cookieField(answer: Response): string {
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  return `cookie: ${cookies.join('; ')}`
}
