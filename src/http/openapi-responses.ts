import { ERROR_CODES, type ErrorCode } from '../contract/error-codes.js'
import type { JsonObject, SchemaWriter } from './openapi-schemas.js'
import { PROBLEM_CONTENT_TYPE } from './problem.js'
import type { CsrfGuard, LimitName, ResponseDeclaration } from './route.js'

/** What decides the answers of an operation. */
export interface Answering {
  readonly authentication: 'none' | 'required'
  readonly csrf: CsrfGuard
  readonly limit?: LimitName | undefined
  readonly permissions: readonly string[]
  readonly hasInput: boolean
  readonly hasParams: boolean
  readonly writes: boolean
  readonly responses: Readonly<Record<number, ResponseDeclaration>>
  readonly errors: readonly ErrorCode[]
}

interface Described {
  readonly description: string
  readonly headers: JsonObject
  readonly content?: JsonObject
}

/** Every answer of an operation: the declared ones, and for each status of a refusal the codes it can carry. */
export function describeResponses(operation: Answering, schemas: SchemaWriter): JsonObject {
  const described: Record<string, Described> = {}
  for (const [status, response] of Object.entries(operation.responses)) {
    described[status] = describeSuccess(response, operation.limit !== undefined, schemas)
  }
  for (const [status, codes] of byStatus(possibleCodes(operation))) {
    described[status] = either(described[status], describeProblem(codes))
  }
  return described
}

// Readiness answers 503 with its own document, and like everything else may fail with a problem.
function either(declared: Described | undefined, problem: Described): Described {
  if (!declared) return problem
  return {
    description: `${declared.description}\n\n${problem.description}`,
    headers: { ...declared.headers, ...problem.headers },
    content: { ...declared.content, ...problem.content },
  }
}

// The chain refuses by itself with these; a route declares only what its own rules add.
function possibleCodes(operation: Answering): Set<ErrorCode> {
  const codes = new Set<ErrorCode>([...operation.errors, 'internal', 'unavailable'])
  const add = (condition: boolean, ...more: ErrorCode[]) => {
    if (condition) for (const code of more) codes.add(code)
  }
  const required = operation.authentication === 'required'
  add(required, 'unauthenticated', 'invalid_token', 'token_expired', 'session_revoked', 'forbidden')
  add(required, 'reauthentication_required')
  add(operation.csrf !== 'none', 'csrf_rejected')
  add(operation.permissions.length > 0, 'forbidden')
  add(operation.limit !== undefined, 'rate_limited')
  add(operation.hasInput || operation.writes, 'invalid_request')
  add(operation.writes, 'payload_too_large', 'unsupported_media_type')
  add(operation.hasParams, 'not_found')
  return codes
}

function byStatus(codes: ReadonlySet<ErrorCode>): Map<number, ErrorCode[]> {
  const grouped = new Map<number, ErrorCode[]>()
  for (const code of [...codes].sort()) {
    const { status } = ERROR_CODES[code]
    grouped.set(status, [...(grouped.get(status) ?? []), code])
  }
  return new Map([...grouped].sort(([a], [b]) => a - b))
}

function describeSuccess(response: ResponseDeclaration, isLimited: boolean, schemas: SchemaWriter): Described {
  const headers: JsonObject = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } }
  if (isLimited) {
    headers['RateLimit'] = { $ref: '#/components/headers/RateLimit' }
    headers['RateLimit-Policy'] = { $ref: '#/components/headers/RateLimitPolicy' }
  }
  for (const [name, description] of Object.entries(response.headers ?? {})) {
    headers[name] = { description, schema: { type: 'string' } }
  }
  const type = response.contentType ?? 'application/json'
  const hasContent = response.schema !== undefined || response.contentType !== undefined
  const schema = response.schema ? schemas.write(response.schema, 'output') : { type: 'string' }
  return { description: response.description, headers, ...(hasContent && { content: { [type]: { schema } } }) }
}

function describeProblem(codes: readonly ErrorCode[]): Described {
  const lines = codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}. ${ERROR_CODES[code].action}`)
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties: { code: { enum: [...codes] } } }],
  }
  return {
    description: lines.join('\n\n'),
    headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
    content: { [PROBLEM_CONTENT_TYPE]: { schema } },
  }
}

/** RFC 9457 with the members of contract §1. Codes may add members of their own (`mfa_ticket`). */
export const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
}
