import type { Fetch } from './client-types.js'
import { isRecord } from './json.js'
import type { Wire } from './wire.js'

/** The CSRF token of the session of the cookies. @throws SallyportClientError */
export async function askCsrf(wire: Wire, via?: Fetch): Promise<Record<string, string>> {
  const { body } = await wire.ask({ id: 'csrfToken', cookies: true, ...(via && { via }) })
  return { 'x-csrf-token': isRecord(body) ? String(body['csrf_token']) : '' }
}

/** The token, asked for once. */
export interface Csrf {
  /**
   * @param isMine whether the cookies that it was asked for with are still the caller's: another's token is not used
   * @throws SallyportClientError
   */
  headers(via: Fetch, isMine: () => Promise<boolean>): Promise<Record<string, string>>
  reset(): void
}

export function createCsrf(wire: Wire): Csrf {
  let asked: Promise<Record<string, string>> | null = null

  return {
    headers(via, isMine) {
      asked ??= askCsrf(wire, via)
        .then(async (token) => ((await isMine()) ? token : {}))
        .catch((error) => {
          asked = null
          throw error
        })
      return asked
    },
    reset() {
      asked = null
    },
  }
}
