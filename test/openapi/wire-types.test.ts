import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type JsonSchema, readWireDocument } from '../../scripts/wire-document.js'
import { typeOf } from '../../scripts/wire-types.js'
import { OPERATIONS } from '../../src/contract/operations.js'
import { tourOfAnswers } from './tour-of-answers.js'

const root = join(import.meta.dirname, '..', '..')
const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()).optional() })),
      }),
    ),
  ),
})
const document: unknown = JSON.parse(readFileSync(join(root, 'docs', 'openapi.json'), 'utf8'))

describe('the table of operations', () => {
  it('has every operation of the document, save those that answer pages, scripts and texts', () => {
    const others: string[] = []
    const rows = new Map<string, string>()
    for (const [path, item] of Object.entries(documentSchema.parse(document).paths)) {
      for (const [method, { operationId, responses }] of Object.entries(item)) {
        const types = Object.entries(responses).flatMap(([status, { content = {} }]) =>
          status.startsWith('2') ? Object.keys(content) : [],
        )
        if (/_\d+$/.test(operationId)) continue
        if (types.some((type) => type !== 'application/json')) others.push(operationId)
        else rows.set(operationId, `${method.toUpperCase()} ${path}`)
      }
    }
    const table = Object.entries(OPERATIONS).map(([id, row]) => [id, row.replace(/ auth$/, '')])
    expect(Object.fromEntries(table)).toEqual(Object.fromEntries(rows))
    expect(others.filter((id) => !/Page$|^getPage|^getDocs|^metrics$/.test(id))).toEqual([])
  })

  it('costs a browser less than a kilobyte', () => {
    expect(gzipSync(JSON.stringify(OPERATIONS)).length).toBeLessThan(1024)
  })
})

// One run of the compiler for all: each answer is a literal that must satisfy its type to the letter.
it('every operation answers what its type says, and a field more or less does not compile', async () => {
  const answers = await tourOfAnswers()
  expect(Object.keys(OPERATIONS).filter((id) => !answers.some(({ operation }) => operation === id))).toEqual([])
  const lines = answers.map(
    ({ operation, kind, json }) => `;(${JSON.stringify(json)}) satisfies Operations['${operation}']['${kind}']`,
  )
  const wrong = [
    `;({ csrf_token: 'x', more: 1 }) satisfies Operations['csrfToken']['answer']`,
    `;({}) satisfies Operations['csrfToken']['answer']`,
    `;({ status: 'accepted' }) satisfies Operations['register']['answer']`,
    `;({ email: null, password: 'x' }) satisfies Operations['login']['body']`,
    `;({ email: 'a', password: 'x', remember: undefined }) satisfies Operations['login']['body']`,
    `;({ code: 'email_taken' }) satisfies Pick<Operations['login']['refusal'], 'code'>`,
  ].map((line) => `// @ts-expect-error\n${line}`)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-wire-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const types = join(root, 'src', 'contract', 'operation-types.js')
  writeFileSync(
    join(folder, 'answers.ts'),
    [`import type { Operations } from ${JSON.stringify(types)}`, ...lines, ...wrong].join('\n'),
  )
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false },
    ...{ module: 'nodenext', target: 'es2023', lib: ['es2023'], types: [] },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['answers.ts'] }))
  const compiled = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(compiled.stdout).toBe('')
  expect(compiled.status).toBe(0)
})

describe('the generator', () => {
  it.each<[JsonSchema, string]>([
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ enum: ['a', "it's", 1, null] }, "'a' | 'it\\'s' | 1 | null"],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'number | null'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, 'readonly (string | null)[]'],
    [{ type: 'array' }, 'readonly unknown[]'],
    [{ type: 'object', properties: { 'a-b': {} } }, "{\nreadonly 'a-b'?: unknown\n}"],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{\nreadonly [member: string]: number\n}'],
    [{ allOf: [{ $ref: '#/components/schemas/User' }, { type: 'string' }] }, 'User & string'],
  ])('writes %j as %s', (schema, type) => {
    expect(typeOf(schema)).toBe(type)
  })

  it('stops at a word that it does not know', () => {
    expect(() => typeOf({ type: 'date' })).toThrow('No type for date')
    const schemas = { Odd: { not: { type: 'string' } } }
    expect(() => readWireDocument({ paths: {}, components: { schemas } })).toThrow('not')
  })
})
