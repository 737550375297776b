import { z } from 'zod'
import { ERROR_CODES, type ErrorCode } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Answer } from '../http/answer.js'

const problem = z.object({
  code: z.custom<ErrorCode>(isErrorCode),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

/** The error that a refusal was made of, with all that a caller is told, for who has no response to give it in. */
export function errorOf({ fields, body }: Answer): SallyportError {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body ?? undefined)
  const { code, detail, errors = [] } = problem.parse(JSON.parse(text))
  const retryAfter = fieldOf(fields, 'retry-after')
  // RFC 9470 §3; ours is quoted.
  const maxAge = fieldOf(fields, 'www-authenticate')?.match(/, max_age="(\d+)"$/)?.[1]
  return new SallyportError(code, {
    ...{ detail, errors },
    ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
  })
}

function fieldOf(fields: Answer['fields'], name: string): string | undefined {
  const at = fields.findIndex((text, index) => index % 2 === 0 && text === name)
  return at === -1 ? undefined : fields[at + 1]
}

function isErrorCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value)
}
