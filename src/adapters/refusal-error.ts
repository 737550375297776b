import { z } from 'zod'
import { ERROR_CODES, type ErrorCode } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Answer } from '../http/answer.js'

const problem = z.object({ code: z.custom<ErrorCode>(isErrorCode), detail: z.string() })

/** The error that a refusal was made of, for who has no response to give it in. */
export function errorOf({ body }: Answer): SallyportError {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body ?? undefined)
  const { code, detail } = problem.parse(JSON.parse(text))
  return new SallyportError(code, { detail })
}

function isErrorCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value)
}
