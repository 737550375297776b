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
  /** @throws SallyportClientError */
  headers(via: Fetch): Promise<Record<string, string>>
  reset(): void
}

export function createCsrf(wire: Wire): Csrf {
  let asked: Promise<Record<string, string>> | null = null

  return {
    headers(via) {
      asked ??= askCsrf(wire, via).catch((error) => {
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
