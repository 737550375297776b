import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Declarations, openDeclarations } from '../../scripts/declarations.js'
import { AnyFinder } from './find-any.js'
import { type InstalledPackage, installPackage, packageRoot, tsc } from './installed-package.js'

const SLOW = 120_000

/** A consumer's file for each subpath, by the subpath: `.` is `index.ts`. */
const usages = new Map(
  readdirSync(join(import.meta.dirname, 'usage')).map((file) => {
    const [name = ''] = file.split('.')
    return [name === 'index' ? '.' : `./${name}`, file]
  }),
)
const readUsage = (file: string) => readFileSync(join(import.meta.dirname, 'usage', file), 'utf8')

/** What goes into a page, where there is no Node.js and none of its types. */
const IN_BROWSERS = ['./client', './react']

const STRICT = {
  ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  ...{ target: 'es2023', jsx: 'react-jsx', noEmit: true },
}
const PROJECTS = {
  nodenext: { module: 'nodenext', lib: ['es2023'], types: ['node'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'], types: ['node'] },
  browser: { module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'], types: [] },
} as const

let installed: InstalledPackage
let subpaths: string[]

/** What the usages import beside us, with its types where they are packages of their own. */
function importedBeside(): string[] {
  const imported = [...usages.values()].flatMap((file) =>
    [...readUsage(file).matchAll(/from '((?:@[^/']+\/)?[^/'.]+)/g)].map(([, name = '']) => name),
  )
  const names = imported.filter((name) => name !== 'sallyport' && !name.startsWith('node:'))
  return names
    .flatMap((name) => [name, `@types/${name}`])
    .filter((name) => existsSync(join(packageRoot, 'node_modules', name)))
}

beforeAll(() => {
  installed = installPackage(importedBeside())
  subpaths = Object.keys(installed.manifest.exports).filter((name) => !name.endsWith('.json'))
  writeFileSync(join(installed.project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  for (const file of usages.values()) {
    copyFileSync(join(import.meta.dirname, 'usage', file), join(installed.project, file))
  }
}, SLOW)
afterAll(() => installed?.remove())

function writeProject(options: (typeof PROJECTS)[keyof typeof PROJECTS], name: string): string {
  const isBrowser = options === PROJECTS.browser
  const files = [...usages].filter(([subpath]) => !isBrowser || IN_BROWSERS.includes(subpath)).map(([, file]) => file)
  const path = join(installed.project, `tsconfig.${name}.json`)
  writeFileSync(path, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }))
  return path
}

it('every subpath has a usage here, and imports it', () => {
  expect([...usages.keys()].sort()).toEqual([...subpaths].sort())
  for (const [subpath, file] of usages) expect(readUsage(file)).toContain(`from 'sallyport${subpath.slice(1)}'`)
})

it(
  'a strict project that checks its libraries too compiles, however it resolves, and with Node.js and the DOM as it has them',
  async () => {
    const compiled = await Promise.all(
      Object.values(PROJECTS).map((options, index) =>
        promisify(execFile)(tsc, ['-p', writeProject(options, `${index}`)]).catch((error: unknown) =>
          z.object({ stdout: z.string() }).parse(error),
        ),
      ),
    )
    expect(compiled.map(({ stdout }) => stdout)).toEqual(['', '', ''])
  },
  SLOW,
)

describe('the types that a consumer sees', () => {
  let declarations: Declarations
  const folder = () => join(installed.folder, 'dist')

  beforeAll(() => {
    declarations = openDeclarations(writeProject(PROJECTS.bundler, 'types'))
  }, SLOW)
  afterAll(() => declarations?.close())

  /** The declaration file of a subpath. */
  function fileOf(subpath: string): string {
    const { types } = z.object({ types: z.string() }).parse(installed.manifest.exports[subpath])
    return join(installed.folder, types)
  }

  it('hold no any, and nothing that is not found', () => {
    const finder = new AnyFinder(declarations, (file) => file.startsWith(folder()))
    for (const subpath of subpaths) {
      for (const [name, symbol] of declarations.exportsOf(fileOf(subpath))) finder.search(`${subpath} ${name}`, symbol)
    }
    expect(finder.found).toEqual([])
    expect(finder.looked).toBeGreaterThan(800)
  })

  it('come from the package and what it declares', () => {
    const { dependencies, peerDependencies } = installed.manifest
    const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
    const ours = declarations.program.getSourceFileNames().filter((file) => file.startsWith(folder()))
    expect(ours.length).toBeGreaterThan(20)
    const imported = ours.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'((?:@[^/']+\/)?[^/'.][^/']*)/g)].map(
        ([, name = '']) => name,
      ),
    )
    expect(imported.filter((name) => !name.startsWith('node:') && !declared.includes(name))).toEqual([])
  })
})

it('the search for any finds what is hidden', () => {
  const file = join(installed.project, 'planted.ts')
  const planted = {
    Parameter: 'interface Parameter { give(first: string, second: { inner: readonly any[] }): void }',
    Answer: 'type Answer = () => Promise<{ found: Map<string, any> }>',
    Missing: "type Missing = import('nowhere').Missing",
    Tuple: 'type Tuple = [first: string, ...rest: any[]]',
    Bound: 'type Bound<Value extends any[]> = { value: Value }',
    plain: 'const plain: { readonly [name: string]: any } = {}',
    Fine: 'interface Fine extends Error { readonly part: Fine | null; readonly unknown: unknown }',
  }
  writeFileSync(
    file,
    Object.values(planted)
      .map((text) => `export ${text}`)
      .join('\n'),
  )
  const tsconfig = join(installed.project, 'tsconfig.planted.json')
  writeFileSync(
    tsconfig,
    JSON.stringify({ compilerOptions: { ...STRICT, ...PROJECTS.bundler }, files: ['planted.ts'] }),
  )
  const declarations = openDeclarations(tsconfig)
  const finder = new AnyFinder(declarations, (path) => path === file)
  for (const [name, symbol] of declarations.exportsOf(file)) finder.search(name, symbol)
  declarations.close()
  expect(finder.found.sort()).toEqual([
    'Answer()<0>.found<1>',
    'Bound<0> extends<0>',
    'Missing',
    'Parameter.give(second).inner<0>',
    'Tuple<1>',
    'plain[]',
  ])
})
