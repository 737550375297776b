import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { z } from 'zod'
import { keptClone } from '../../src/client/kept-clone.js'

const media = z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() })
const response = z.looseObject({ content: z.record(z.string(), media).optional() })
const operation = z.looseObject({
  operationId: z.string(),
  'x-any-method': z.boolean().optional(),
  responses: z.record(z.string(), response),
})
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.record(z.string(), z.unknown()),
})
type Document = z.output<typeof documentSchema>
type Operation = z.output<typeof operation>

/** What there is to say against an answer; empty where the document describes it. */
export type AnswerValidator = (method: string, path: string, answer: Response) => Promise<string[]>

/**
 * Makes the judge of answers: the status must be described, the content type one of it, the body as its schema says,
 * and there must be no body where none is described.
 * @param document what `app.openapi()` returns
 */
export function createAnswerValidator(document: object): AnswerValidator {
  const parsed = documentSchema.parse(document)
  const ajv = new Ajv2020({ strict: false, allErrors: true, schemas: [{ $id: 'api', components: parsed.components }] })
  addFormats.default(ajv)
  const compiled = new Map<object, ValidateFunction>()
  const validatorOf = (schema: object) => {
    const known = compiled.get(schema) ?? ajv.compile(rebased(schema))
    compiled.set(schema, known)
    return known
  }

  return async (method, path, answer) => {
    const pathname = path.replace(/[?#].*$/, '')
    const item = findPath(parsed, pathname)
    const found = item && findOperation(item, method)
    if (!found) return undescribed(method, item !== undefined, answer)
    const where = `${method} ${pathname} ${answer.status}`
    const described = found.responses[String(answer.status)]
    if (!described) return [`${where}: the status is not described (${found.operationId})`]
    return validateBody(where, method, described, answer, validatorOf)
  }
}

/** Validates one answer, for a test that has just one. */
export async function validateAgainstOpenapi(
  document: object,
  method: string,
  path: string,
  answer: Response,
): Promise<string[]> {
  return createAnswerValidator(document)(method, path, answer)
}

/**
 * Wraps a `fetch` so that every answer that goes through it is validated; a violation is thrown.
 * The answer is cloned first, so the caller can still read it.
 */
export function validated<Rest extends readonly unknown[]>(
  document: object,
  fetch: (request: Request, ...rest: Rest) => Promise<Response>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const validate = createAnswerValidator(document)
  return async (request, ...rest) => {
    const { method, url } = request
    const answer = await fetch(request, ...rest)
    const violations = await validate(method, new URL(url).pathname, keptClone(answer))
    if (violations.length > 0) throw new Error(`The answer is not as openapi.json says:\n${violations.join('\n')}`)
    return answer
  }
}

async function validateBody(
  where: string,
  method: string,
  described: z.output<typeof response>,
  answer: Response,
  validatorOf: (schema: object) => ValidateFunction,
): Promise<string[]> {
  const text = await answer.text()
  if (method === 'HEAD') return text === '' ? [] : [`${where}: HEAD with a body`]
  if (!described.content) return text === '' ? [] : [`${where}: a body that is not described`]
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
  const content = described.content[type]
  if (!content) return [`${where}: content type \`${type}\` is not described`]
  if (!content.schema || !/[/+]json$/.test(type)) return []
  const validate = validatorOf(content.schema)
  if (validate(JSON.parse(text))) return []
  return (validate.errors ?? []).map(
    (error) => `${where}: ${error.instancePath || '/'} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
  )
}

// No operation: then nothing but a refusal of the router may come back.
function undescribed(method: string, isPath: boolean, answer: Response): string[] {
  if (!isPath) return answer.status === 404 ? [] : [`${method}: ${answer.status} at a path that is not described`]
  const isOptions = method === 'OPTIONS' && answer.status === 204
  return isOptions || answer.status === 405 ? [] : [`${method}: ${answer.status} to a method that is not described`]
}

function findPath(document: Document, pathname: string): Readonly<Record<string, Operation>> | undefined {
  if (document.paths[pathname]) return document.paths[pathname]
  const found = Object.entries(document.paths).find(([template]) => patternOf(template).test(pathname))
  return found?.[1]
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^/]+')}$`)
}

function findOperation(item: Readonly<Record<string, Operation>>, method: string): Operation | undefined {
  const name = method === 'HEAD' ? 'get' : method.toLowerCase()
  const named = Object.hasOwn(item, name) ? item[name] : undefined
  return named ?? Object.values(item).find((candidate) => candidate['x-any-method'] === true)
}

// References are relative to the document; the parts compiled here stand outside it.
function rebased(node: object): object {
  const text = JSON.stringify(node).replaceAll('"#/components/', '"api#/components/')
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
}
