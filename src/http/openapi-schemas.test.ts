import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSchemaWriter } from './openapi-schemas.js'

const person = z.object({ id: z.string() }).meta({ id: 'Person' })

describe('the schema writer', () => {
  it('keeps a named schema in one place, wherever it is used', () => {
    const writer = createSchemaWriter()
    expect(writer.write(person, 'output')).toEqual({ $ref: '#/components/schemas/Person' })
    expect(writer.write(z.object({ all: z.array(person), one: person }), 'output')).toMatchObject({
      properties: {
        all: { type: 'array', items: { $ref: '#/components/schemas/Person' } },
        one: { $ref: '#/components/schemas/Person' },
      },
    })
    expect(writer.components).toMatchObject({ Person: { type: 'object', required: ['id'] } })
    expect(JSON.stringify(writer.components)).not.toMatch(/\$defs|\$schema|"Person"\}/)
  })

  it('leaves the values of an enumeration, and a property called id, as they are', () => {
    expect(
      createSchemaWriter().write(z.object({ id: z.enum(['a', 'b']), n: z.literal([1, null]) }), 'input'),
    ).toMatchObject({
      properties: { id: { enum: ['a', 'b'] }, n: { enum: [1, null] } },
    })
  })

  it('tells what is sent from what is answered', () => {
    const schema = z.object({ size: z.number().default(1) })
    expect(createSchemaWriter().write(schema, 'input')).not.toHaveProperty('required')
    expect(createSchemaWriter().write(schema, 'output')).toMatchObject({ required: ['size'] })
  })

  it('refuses one name for two schemas', () => {
    const writer = createSchemaWriter()
    writer.write(person, 'output')
    expect(() => writer.write(z.object({ other: z.string() }).meta({ id: 'Person' }), 'output')).toThrow(/Person/)
  })
})
