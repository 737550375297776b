import { z } from 'zod'
import { keptClone } from '../../src/client/kept-clone.js'
import { ERROR_CODES } from '../../src/contract/error-codes.js'
import { type AnswerValidator, createAnswerValidator } from '../openapi/validate-answer.js'

const codes: readonly string[] = Object.keys(ERROR_CODES)

const problemShape = z.strictObject({
  type: z.url(),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  code: z.string().refine((code) => codes.includes(code)),
  request_id: z.string(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string().min(1) })).optional(),
})

/** What no refusal may give away, by the way it would look. */
const LEAKS: Readonly<Record<string, RegExp>> = {
  'a stack': /\n\s+at |\.[jt]s:\d+|node_modules/,
  'a path': /\/(?:home|tmp|work|usr|var|src|dist)\//,
  SQL: /\b(?:select .+ from|insert into|update .+ set|delete from|sqlite|postgres|constraint|relation ")/i,
  'a token': /sp[srkt]_[A-Za-z0-9_-]{12}/,
}

const TOKEN_CODES = ['invalid_token', 'token_expired', 'token_reused', 'session_revoked']

const validators = new WeakMap<object, AnswerValidator>()

/** Throws where an answer is not what the document says, or a refusal is not as contract §1 has it. */
export async function judgeAnswer(document: object, method: string, path: string, answer: Response): Promise<void> {
  const validate = validators.get(document) ?? createAnswerValidator(document)
  validators.set(document, validate)
  const objections = await validate(method, path, keptClone(answer))
  if (!answer.headers.get('x-request-id')) objections.push('there is no X-Request-Id')
  // The script and the style of the pages are public files, the same for everybody.
  const isFile = /\/pages\/page\.(?:js|css)(?:\?|$)/.test(path) && answer.status === 200
  if (answer.headers.get('cache-control') !== 'no-store' && path.includes('/auth') && !isFile) {
    objections.push('it may be cached')
  }
  if (answer.status >= 400 && method !== 'HEAD' && path !== '/health/ready')
    objections.push(...(await judgeRefusal(answer)))
  if (objections.length > 0) throw new Error(`${method} ${path} ${answer.status}:\n${objections.join('\n')}`)
}

async function judgeRefusal(answer: Response): Promise<string[]> {
  const text = await keptClone(answer).text()
  if (answer.headers.get('content-type') !== 'application/problem+json') return [`it is no problem: ${text}`]
  const problem = problemShape.parse(JSON.parse(text))
  const objections = Object.entries(LEAKS)
    .filter(([, pattern]) => pattern.test(text))
    .map(([what]) => `it gives away ${what}: ${text}`)
  if (problem.status !== answer.status) objections.push('the body names another status')
  if (problem.request_id !== answer.headers.get('x-request-id')) objections.push('the body names another request id')
  if (!problem.type.endsWith(`/${problem.code}`)) objections.push('the type is of another code')
  const challenge = answer.headers.get('www-authenticate') ?? ''
  if (challenge.startsWith('Bearer') !== (answer.status === 401)) {
    objections.push('a challenge belongs to a 401, and to nothing else')
  }
  // RFC 6750 §3.1: an error where a token was wrong, none where there was no token.
  if (challenge.includes('error="invalid_token"') !== TOKEN_CODES.includes(problem.code)) {
    objections.push(`the challenge does not go with ${problem.code}: ${challenge}`)
  }
  return objections
}
