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
  return {
    components,
    write: (schema, direction) => {
      const options = { io: direction, unrepresentable: 'any', target: 'draft-2020-12' } as const
      const { $schema: _, $defs: named = {}, ...rest } = z.toJSONSchema(schema, options)
      for (const [name, definition] of Object.entries(named)) components[name] = relocated(definition)
      return relocatedObject(rest)
    },
  }
}

// zod names things in the schema's own `$defs`; in OpenAPI they live in one place for all.
function relocated(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relocated)
  return typeof node === 'object' && node !== null ? relocatedObject(node) : node
}

function relocatedObject(node: object): JsonObject {
  const entries = Object.entries(node)
    .filter(([key]) => key !== 'id' || !('$ref' in node))
    .map(([key, value]): [string, unknown] =>
      key === '$ref' && typeof value === 'string'
        ? [key, value.replace('#/$defs/', '#/components/schemas/')]
        : [key, relocated(value)],
    )
  return Object.fromEntries(entries)
}
