import { z } from 'zod'

const jsonSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  $ref: z.string().optional(),
})
export type JsonSchema = z.output<typeof jsonSchema>

const content = z.record(z.string(), z.looseObject({ schema: jsonSchema }))
const operationShape = z.looseObject({
  operationId: z.string(),
  'x-any-method': z.boolean().optional(),
  security: z.array(z.unknown()).default([]),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.optional() })),
})
const documentShape = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationShape)),
  components: z.looseObject({ schemas: z.record(z.string(), jsonSchema) }),
})

/** One operation of the document, as far as sending to it and judging what it accepts needs. */
export interface Operation {
  readonly operationId: string
  readonly method: string
  /** With its parameters in braces. */
  readonly path: string
  readonly pattern: RegExp
  readonly anyMethod: boolean
  /** True where nobody may be answered 2xx without a credential. */
  readonly isProtected: boolean
  /** The fields of its body; null where it takes none. */
  readonly fields: Readonly<Record<string, JsonSchema>> | null
  readonly queryNames: readonly string[]
  /** True where `overloaded` is one of its answers. */
  readonly mayBeOverloaded: boolean
  /** True where 503 is an answer of its own: readiness. */
  readonly mayBeUnready: boolean
  /** True where success is a document with tokens in it. */
  readonly answersTokens: boolean
}

/** Reads the document that is served. Every operation of it takes part; nothing here names one. */
export function operationsOf(document: object): readonly Operation[] {
  const { paths, components } = documentShape.parse(document)
  const resolved = (schema: JsonSchema): JsonSchema => {
    const name = schema.$ref?.split('/').at(-1) ?? ''
    return components.schemas[name] ?? schema
  }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, found]): Operation => {
      const body = found.requestBody?.content['application/json']?.schema
      const fields = body === undefined ? null : Object.entries(resolved(body).properties ?? {})
      const successes = Object.entries(found.responses).flatMap(([status, { content: types }]) =>
        status.startsWith('2') && types ? Object.values(types).map(({ schema }) => resolved(schema)) : [],
      )
      return {
        operationId: found.operationId,
        method: method.toUpperCase(),
        path,
        pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`),
        anyMethod: found['x-any-method'] === true,
        isProtected: found.security.length > 0,
        fields: fields && Object.fromEntries(fields.map(([name, schema]) => [name, jsonSchema.parse(schema)])),
        queryNames: found.parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name),
        mayBeOverloaded: JSON.stringify(found.responses['503'] ?? {}).includes('"overloaded"'),
        mayBeUnready: found.responses['503']?.content?.['application/json'] !== undefined,
        answersTokens: successes.some(({ properties = {} }) =>
          Object.keys(properties).some((name) => /token/.test(name)),
        ),
      }
    }),
  )
}

/** The operation that answers a method at a path, if any. */
export function operationAt(operations: readonly Operation[], method: string, path: string): Operation | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  const here = operations.filter(({ pattern }) => pattern.test(path))
  return here.find((one) => one.method === asked) ?? here.find((one) => one.anyMethod)
}
