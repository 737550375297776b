import type { Answer } from '../http/answer.js'
import { headersOf } from '../http/fields.js'

/** An answer for a host that speaks in `Response`s. */
export function responseOf({ status, fields, body }: Answer): Response {
  return new Response(body, { status, headers: headersOf(fields) })
}

/**
 * The host's own response with what a guard has to add. Of names that add up both stay; of any other the guard's counts.
 * @returns the same where there is nothing to add, else one whose headers can be changed
 */
export function addFields(response: Response, fields: readonly string[]): Response {
  if (fields.length === 0) return response
  const headers = new Headers(response.headers)
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (name === 'set-cookie' || name === 'vary') headers.append(name, value)
    else headers.set(name, value)
  }
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}
