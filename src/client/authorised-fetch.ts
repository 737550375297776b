import type { Fetch } from './client-types.js'
import type { Csrf } from './csrf.js'
import { headersOf } from './exchange.js'
import { isRecord } from './json.js'
import { keptClone } from './kept-clone.js'
import { ENDED, isRefused } from './refusal.js'
import type { SessionKeeper } from './session-keeper.js'
import type { StoredSession } from './storage-types.js'

const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * `fetch` with the credential to allowed origins, and once more where that was refused and another can be had, or where the
 * CSRF token was another session's of the same user. Never more often: what a fresh credential does not open, no fresher one opens.
 * @param csrf null where tokens travel in a header
 * @param base what a path is relative to
 */
export function createFetch(
  plain: () => Fetch,
  keeper: SessionKeeper,
  csrf: Csrf | null,
  base: () => string,
  isAllowed: (url: URL) => boolean,
): Fetch {
  const authorised: Fetch = async (input, init = {}) => {
    const fetch = plain()
    const request = typeof input === 'object' && 'url' in input ? input : null
    const url = new URL(request?.url ?? String(input), base())
    const given = new Headers(init.headers ?? request?.headers)
    // One of the caller's own is not ours to add to, or to renew.
    if (!isAllowed(url) || given.has('authorization')) return fetch(request ?? url.href, init)
    const { body, redirect = 'error' } = init
    const isOnce = typeof body === 'object' && body !== null && 'getReader' in body
    const isWrite = !READS.includes((init.method ?? request?.method ?? 'GET').toUpperCase())

    async function send(used: StoredSession | null): Promise<Response> {
      const token = csrf && used && isWrite ? await csrf.headers(authorised, () => keeper.isStill(used, true)) : null
      const headers = new Headers(given)
      for (const [name, value] of Object.entries({ ...(used && headersOf(used)), ...token })) headers.set(name, value)
      const response = await fetch(request ? keptClone(request) : url.href, {
        ...init,
        headers,
        ...(csrf && { credentials: 'include' }),
        // A redirect drops `Authorization` where it leaves the origin, but not this one.
        ...(token && { redirect }),
      })
      // Wherever a redirect led, nobody there hands out our tokens.
      if (!response.redirected) keeper.renewed(response.headers, used)
      return response
    }

    const used = await keeper.credential()
    let response = await send(used)
    if (!used || isOnce) return response
    if (
      csrf &&
      response.status === 403 &&
      (await codeOf(response)) === 'csrf_rejected' &&
      (await keeper.isStill(used))
    ) {
      csrf.reset()
      drop(response)
      response = await send(used)
    }
    if (!(await isBlamed(response))) return response
    try {
      const next = await keeper.replacement(used)
      if (!next) return response
      drop(response)
      response = await send(next)
      if (await isBlamed(response)) keeper.giveUp(next)
    } catch (error) {
      // The session has ended: that is what was answered.
      if (!isRefused(error)) throw error
    }
    return response
  }
  return authorised
}

/** True where an answer is a refusal of the credential, and not of something else that is asked for. */
async function isBlamed(response: Response): Promise<boolean> {
  if (response.status !== 401) return false
  const code = await codeOf(response)
  // A password is asked for (RFC 9470).
  const isOld = response.headers.get('www-authenticate')?.includes('insufficient_user_authentication')
  return code ? ENDED.has(code) : !isOld
}

/** The code of a problem document of Sallyport's. */
async function codeOf(response: Response): Promise<string | null> {
  if (!response.headers.get('content-type')?.includes('problem+json')) return null
  try {
    const problem: unknown = await keptClone(response).json()
    return isRecord(problem) ? String(problem['code']) : null
  } catch {
    return null
  }
}

function drop(response: Response): void {
  void response.body?.cancel().catch(() => undefined)
}
