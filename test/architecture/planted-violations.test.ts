import { describe, expect, it } from 'vitest'
import { checkArchitecture } from './check-architecture.js'
import { MAX_LINES, USUAL_LINES } from './layout.js'

/** Sources by their path under `src/`. */
type Tree = Readonly<Record<string, string>>

interface Planted {
  readonly rule: string
  readonly what: string
  readonly violation: Tree
  /** The nearest thing that is allowed. */
  readonly twin: Tree
}

const nothing = 'export {}'
const users = { 'features/users/user-service.ts': nothing, 'features/users/user-store.ts': nothing }
const signIn = { 'features/sign-in/sign-in-service.ts': nothing }
const lines = (count: number) => `${'// a line\n'.repeat(count - 1)}export {}\n`
const store = (parameters: string) => `export async function findUser(${parameters}) { return null }`
const manyFiles = (long: number) =>
  Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`crypto/file-${index}.ts`, lines(index < long ? USUAL_LINES + 1 : 10)]),
  )

const PLANTED: readonly Planted[] = [
  {
    rule: 'layers',
    what: 'crypto imports storage',
    violation: { 'crypto/seal.ts': `import '../storage/storage.js'`, 'storage/storage.ts': nothing },
    twin: { 'crypto/seal.ts': nothing, 'storage/storage.ts': `import '../crypto/seal.js'` },
  },
  {
    rule: 'layers',
    what: 'http imports a feature, as a type only',
    violation: {
      'http/chain.ts': `import type { A } from '../features/users/user-types.js'\nexport type B = A`,
      'features/users/user-types.ts': 'export type A = string',
    },
    twin: {
      'http/chain.ts': 'export type A = string',
      'features/users/user-routes.ts': `import type { A } from '../../http/chain.js'\nexport type B = A`,
    },
  },
  {
    rule: 'layers',
    what: 'a feature imports auth.ts',
    violation: { 'features/users/user-service.ts': `import '../../auth.js'`, 'auth.ts': nothing },
    twin: { 'features/users/user-service.ts': nothing, 'auth.ts': `import './features/users/user-service.js'` },
  },
  {
    rule: 'layers',
    what: 'a dynamic import crosses a layer',
    violation: {
      'config/load.ts': `export const late = () => import('../storage/open.js')`,
      'storage/open.ts': nothing,
    },
    twin: { 'config/load.ts': nothing, 'storage/open.ts': `export const late = () => import('../config/load.js')` },
  },
  {
    rule: 'layers',
    what: 'a re-export crosses a layer',
    violation: { 'runtime/clock.ts': `export { a } from '../http/a.js'`, 'http/a.ts': 'export const a = 1' },
    twin: { 'runtime/clock.ts': 'export const a = 1', 'http/a.ts': `export { a } from '../runtime/clock.js'` },
  },
  {
    rule: 'layers',
    what: 'an import type crosses a layer',
    violation: { 'config/a.ts': `export type A = import('../storage/b.js').B`, 'storage/b.ts': 'export type B = 1' },
    twin: { 'config/a.ts': 'export type A = 1', 'storage/b.ts': `export type B = import('../config/a.js').A` },
  },
  {
    rule: 'layers',
    what: 'a folder that the layout does not know',
    violation: { 'extras/thing.ts': nothing },
    twin: { 'runtime/thing.ts': nothing },
  },
  {
    rule: 'contract',
    what: 'contract imports a package',
    violation: { 'contract/api.ts': `import { z } from 'zod'\nexport const a = z` },
    twin: {
      'contract/api.ts': `import { b } from './other.js'\nexport const a = b`,
      'contract/other.ts': 'export const b = 1',
    },
  },
  {
    rule: 'room-doors',
    what: "a room opens another room's store",
    violation: { ...users, 'features/passwords/password-service.ts': `import '../users/user-store.js'` },
    twin: { ...users, 'features/passwords/password-service.ts': `import '../users/user-service.js'` },
  },
  {
    rule: 'room-doors',
    what: "the server opens a room's store",
    violation: { ...users, 'server/serve.ts': `import '../features/users/user-store.js'` },
    twin: { ...users, 'auth.ts': `import './features/users/user-store.js'` },
  },
  {
    rule: 'room-order',
    what: 'an earlier room knows a later one',
    violation: { ...signIn, 'features/sessions/session-service.ts': `import '../sign-in/sign-in-service.js'` },
    twin: {
      'features/sessions/session-service.ts': nothing,
      'features/sign-in/sign-in-service.ts': `import '../sessions/session-service.js'`,
    },
  },
  {
    rule: 'cycles',
    what: 'two rooms of one tier know each other',
    violation: {
      'features/users/user-service.ts': `import '../tenants/tenant-service.js'`,
      'features/tenants/tenant-service.ts': `import '../users/user-service.js'`,
    },
    twin: {
      'features/users/user-service.ts': `import '../tenants/tenant-service.js'`,
      'features/tenants/tenant-service.ts': nothing,
    },
  },
  {
    rule: 'cycles',
    what: 'three files go round',
    violation: {
      'http/a.ts': `import './b.js'`,
      'http/b.ts': `export { c } from './c.js'`,
      'http/c.ts': `import './a.js'\nexport const c = 1`,
    },
    twin: {
      'http/a.ts': `import './b.js'`,
      'http/b.ts': `export { c } from './c.js'`,
      'http/c.ts': `import type { A } from './a.js'\nexport const c = 1`,
    },
  },
  {
    rule: 'cycles',
    what: 'two folders know each other, one by a type',
    violation: {
      'auth.ts': `import './jobs/clean-up.js'`,
      'jobs/clean-up.ts': `import type { A } from '../auth.js'`,
    },
    twin: { 'auth.ts': `import './jobs/clean-up.js'`, 'jobs/clean-up.ts': nothing },
  },
  {
    rule: 'room-grammar',
    what: "a file without its room's name",
    violation: { 'features/sessions/store.ts': nothing },
    twin: { 'features/sessions/session-store.ts': nothing, 'features/access/access-service.ts': nothing },
  },
  {
    rule: 'room-grammar',
    what: 'a test without its room in the name',
    violation: { 'features/sessions/renewal.test.ts': nothing },
    twin: { 'features/sessions/session-renewal.test.ts': nothing },
  },
  {
    rule: 'room-grammar',
    what: 'a room without a place in the order',
    violation: { 'features/lobby/lobby-service.ts': nothing },
    twin: { 'features/health/health-service.ts': nothing },
  },
  {
    rule: 'room-grammar',
    what: 'a folder in a room',
    violation: { 'features/users/store/user-store.ts': nothing },
    twin: { 'features/users/user-store.ts': nothing },
  },
  {
    rule: 'room-grammar',
    what: 'a file of features outside a room',
    violation: { 'features/shared.ts': nothing },
    twin: { 'runtime/shared.ts': nothing },
  },
  {
    rule: 'http',
    what: 'a service names Response',
    violation: { 'features/users/user-service.ts': 'export const answer = (): Response => new Response()' },
    twin: { 'features/users/user-routes.ts': 'export const answer = (): Response => new Response()' },
  },
  {
    rule: 'http',
    what: 'a service imports src/http',
    violation: { 'features/users/user-service.ts': `import '../../http/route.js'`, 'http/route.ts': nothing },
    twin: { 'features/users/user-routes.ts': `import '../../http/route.js'`, 'http/route.ts': nothing },
  },
  {
    rule: 'http',
    what: 'storage imports hono',
    violation: { 'storage/open.ts': `import { Hono } from 'hono'\nexport const app = new Hono()` },
    twin: { 'http/app.ts': `import { Hono } from 'hono'\nexport const app = new Hono()` },
  },
  {
    rule: 'specifiers',
    what: 'a specifier without .js',
    violation: { 'http/a.ts': `import './b'`, 'http/b.ts': nothing },
    twin: { 'http/a.ts': `import './b.js'`, 'http/b.ts': nothing },
  },
  {
    rule: 'specifiers',
    what: 'a specifier that names no file',
    violation: { 'http/a.ts': `import './gone.js'` },
    twin: { 'http/a.ts': `import './there.js'`, 'http/there.ts': nothing },
  },
  {
    rule: 'specifiers',
    what: 'a specifier that leaves src/',
    violation: { 'http/a.ts': `import '../../test/support.js'` },
    twin: { 'http/a.test.ts': `import '../../test/support.js'` },
  },
  {
    rule: 'test-code',
    what: 'code imports a test',
    violation: { 'http/a.ts': `import './b.test.js'`, 'http/b.test.ts': nothing },
    twin: { 'http/a.ts': nothing, 'http/b.test.ts': `import './a.js'` },
  },
  {
    rule: 'ambient',
    what: 'a rule that looks at the clock by itself',
    violation: { 'features/users/user-service.ts': 'export const age = (born: number) => Date.now() - born' },
    twin: { 'features/users/user-service.ts': 'export const date = (at: number) => new Date(at)' },
  },
  {
    rule: 'ambient',
    what: 'a rule that reads the environment',
    violation: { 'features/users/user-service.ts': `export const open = process.env['OPEN'] === '1'` },
    twin: { 'config/load.ts': `export const open = process.env['OPEN'] === '1'` },
  },
  {
    rule: 'tenant-scope',
    what: 'a query without a tenant',
    violation: { 'features/users/user-store.ts': store('db: Queryable, id: string') },
    twin: { 'features/users/user-store.ts': store('scope: OneTenant, db: Queryable, id: string') },
  },
  {
    rule: 'size',
    what: 'a file over the limit',
    violation: { ...manyFiles(0), 'http/long.ts': lines(MAX_LINES + 1) },
    twin: { ...manyFiles(0), 'http/long.ts': lines(MAX_LINES), 'http/long.test.ts': lines(MAX_LINES + 1) },
  },
  {
    rule: 'long-files',
    what: 'more than one file in ten is long',
    violation: manyFiles(3),
    twin: manyFiles(2),
  },
  {
    rule: 'names',
    what: 'a name that says nothing',
    violation: { 'http/cookie-utils.ts': nothing },
    twin: { 'http/cookie-jar.ts': nothing },
  },
  {
    rule: 'names',
    what: 'a name in camelCase',
    violation: { 'http/cookieJar.ts': nothing },
    twin: { 'http/cookie-jar.ts': nothing },
  },
  {
    rule: 'export-star',
    what: 'export *',
    violation: { 'http/a.ts': `export * from './b.js'`, 'http/b.ts': 'export const b = 1' },
    twin: { 'http/a.ts': `export { b } from './b.js'`, 'http/b.ts': 'export const b = 1' },
  },
  {
    rule: 'any',
    what: 'any, deep in a type',
    violation: { 'http/a.ts': 'export const a: Map<string, any[]> = new Map()' },
    twin: { 'http/a.ts': "export const a: Map<string, unknown[]> = new Map() // any, 'any'" },
  },
  {
    rule: 'non-null',
    what: 'a non-null assertion',
    violation: { 'http/a.ts': 'export const first = (list: string[]) => list[0]!' },
    twin: { 'http/a.ts': "export const first = (list: string[]) => !list[0] || list[0] !== 'x'" },
  },
  {
    rule: 'cast',
    what: 'a cast',
    violation: { 'http/a.ts': 'export const parse = (text: string) => JSON.parse(text) as string[]' },
    twin: { 'http/a.ts': 'export const a = { b: 1 } as const satisfies object' },
  },
  {
    rule: 'suppression',
    what: 'a silenced checker',
    violation: { 'http/a.ts': '// @ts-expect-error it is fine\nexport const a: string = 1' },
    twin: { 'http/a.ts': '// The type comes from the schema.\nexport const a = 1' },
  },
  {
    rule: 'default-export',
    what: 'a default export',
    violation: { 'http/a.ts': 'export default 1' },
    twin: { 'http/a.ts': 'export const a = 1' },
  },
]

const rulesBroken = (tree: Tree) => {
  const files = Object.entries(tree).map(([path, source]) => ({ path: `src/${path}`, source }))
  return [...new Set(checkArchitecture(files).violations.map((violation) => violation.rule))]
}

describe('the architecture check', () => {
  it.each(PLANTED)('$rule: refuses $what, and allows its twin', ({ rule, violation, twin }) => {
    expect(rulesBroken(violation)).toContain(rule)
    expect(rulesBroken(twin).filter((broken) => broken !== 'long-files' || rule === 'long-files')).toEqual([])
  })

  it('refuses to pass over a file that it cannot read', () => {
    expect(() => checkArchitecture([{ path: 'src/http/a.ts', source: 'export const = ' }])).toThrow(/does not parse/)
  })
})
