import { z } from 'zod'

const JSON_TYPE = 'application/json'
const PROBLEM_TYPE = 'application/problem+json'

/** The part of JSON Schema that the document is written in; whatever narrows a value further is no matter of its type. */
export interface JsonSchema {
  readonly $ref?: string | undefined
  readonly type?: string | readonly string[] | undefined
  readonly description?: string | undefined
  readonly const?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly anyOf?: readonly JsonSchema[] | undefined
  readonly allOf?: readonly JsonSchema[] | undefined
  readonly items?: JsonSchema | undefined
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: boolean | JsonSchema | undefined
}

/** Keywords that choose among the values of a type, so that the type stays as it is. */
const NARROWING = z.unknown().optional()
const NARROWING_KEYWORDS = {
  ...{ format: NARROWING, pattern: NARROWING, minLength: NARROWING, maxLength: NARROWING },
  ...{ minimum: NARROWING, maximum: NARROWING, minItems: NARROWING, maxItems: NARROWING },
}

// A keyword that is not known here may change the type: it stops the generator.
const schemaSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.strictObject({
    ...NARROWING_KEYWORDS,
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schemaSchema).optional(),
    allOf: z.array(schemaSchema).optional(),
    items: schemaSchema.optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
  }),
)

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema }))

const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.unknown()),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean(),
      schema: schemaSchema,
    }),
  ),
  requestBody: z.object({ required: z.boolean(), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: contentSchema.optional() })),
})

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
})

/** One endpoint, as a program calls it. */
export interface WireOperation {
  readonly id: string
  readonly summary: string
  readonly method: string
  readonly path: string
  /** True where the answer is 401 to whoever does not say who they are. */
  readonly isAuthenticated: boolean
  readonly params: JsonSchema | null
  readonly query: JsonSchema | null
  readonly body: { readonly schema: JsonSchema; readonly isRequired: boolean } | null
  /** Of every success; `null` is one without a body. */
  readonly answers: readonly (JsonSchema | null)[]
  /** Documents that come with a status of failure and are no problems. */
  readonly failures: readonly JsonSchema[]
  readonly refusals: readonly string[]
}

export interface WireDocument {
  readonly schemas: Readonly<Record<string, JsonSchema>>
  readonly operations: readonly WireOperation[]
}

/**
 * What a client can call of an OpenAPI document, each endpoint once: under the first base path, and only where it answers
 * JSON or nothing. Pages, scripts and texts are for browsers and scrapers.
 */
export function readWireDocument(document: unknown): WireDocument {
  const { paths, components } = documentSchema.parse(document)
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => !/_\d+$/.test(operation.operationId) && isForPrograms(operation))
      .map(([method, operation]) => readOperation(method.toUpperCase(), path, operation)),
  )
  return { schemas: components.schemas, operations }
}

type Operation = z.output<typeof operationSchema>

function isForPrograms(operation: Operation): boolean {
  return contents(operation, isSuccess).every((content) => content === undefined || Object.hasOwn(content, JSON_TYPE))
}

function readOperation(method: string, path: string, operation: Operation): WireOperation {
  const body = operation.requestBody?.content[JSON_TYPE]
  return {
    id: operation.operationId,
    summary: operation.summary,
    method,
    path,
    isAuthenticated: operation.security.length > 0,
    params: parameters(operation, 'path'),
    query: parameters(operation, 'query'),
    body: body ? { schema: body.schema, isRequired: operation.requestBody?.required === true } : null,
    answers: contents(operation, isSuccess).map((content) => content?.[JSON_TYPE]?.schema ?? null),
    failures: contents(operation, isFailure).flatMap((content) => content?.[JSON_TYPE]?.schema ?? []),
    refusals: refusals(operation),
  }
}

// `fetch` never shows a 304: the browser's cache answers it.
const isSuccess = (status: number) => status >= 200 && status < 300
const isFailure = (status: number) => status >= 400

function contents(operation: Operation, isWanted: (status: number) => boolean) {
  return Object.entries(operation.responses)
    .filter(([status]) => isWanted(Number(status)))
    .map(([, response]) => response.content)
}

function parameters(operation: Operation, place: 'path' | 'query'): JsonSchema | null {
  const placed = operation.parameters.filter((parameter) => parameter.in === place)
  if (placed.length === 0) return null
  return {
    type: 'object',
    properties: Object.fromEntries(placed.map(({ name, schema }) => [name, schema])),
    required: placed.filter(({ required }) => required).map(({ name }) => name),
  }
}

/** The codes of all refusals: each status narrows the `code` of the problem it carries. */
function refusals(operation: Operation): string[] {
  const codes = contents(operation, isFailure).flatMap((content) =>
    (content?.[PROBLEM_TYPE]?.schema.allOf ?? []).flatMap(({ properties }) => properties?.['code']?.enum ?? []),
  )
  return [...new Set(codes.map(String))].sort()
}
