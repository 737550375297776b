import { z } from 'zod'

export type JsonObject = { [key: string]: unknown }

/** Turns zod schemas into the JSON Schema of OpenAPI 3.1, and collects those that have a name of their own. */
export interface SchemaWriter {
  /** @param direction `input` for what a caller sends, `output` for what is answered */
  write(schema: z.ZodType, direction: 'input' | 'output'): JsonObject
  /** The named schemas so far: those with `.meta({ id })`. */
  readonly components: JsonObject
}

export function createSchemaWriter(): SchemaWriter {
  const components: JsonObject = {}

  function keep(name: string, definition: JsonObject): void {
    const present = components[name]
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(definition)) {
      throw new Error(`Two different schemas are called ${name}`)
    }
    components[name] = definition
  }

  return {
    components,
    write: (schema, direction) => {
      const options = { io: direction, unrepresentable: 'any', target: 'draft-2020-12' } as const
      const { $schema: _, $defs: named = {}, ...rest } = z.toJSONSchema(schema, options)
      for (const [name, definition] of Object.entries(named)) keep(name, relocated(definition))
      return relocated(rest)
    },
  }
}

// zod names things in the schema's own `$defs`; in OpenAPI they live in one place for all.
function relocated(node: object): JsonObject {
  const entries = Object.entries(node).map(([key, value]): [string, unknown] => {
    if (key === '$ref' && typeof value === 'string') return [key, value.replace('#/$defs/', '#/components/schemas/')]
    if (Array.isArray(value)) return [key, value.map((item: unknown) => (isNode(item) ? relocated(item) : item))]
    return [key, isNode(value) ? relocated(value) : value]
  })
  return Object.fromEntries(entries)
}

function isNode(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
