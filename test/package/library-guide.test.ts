import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type InstalledPackage, installPackage, tsc } from './installed-package.js'

const SLOW = 120_000

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/library.md'), 'utf8')
/** The examples are one program, in the order of the page. */
const program = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text).join('\n')
const promised = [...program.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text)

let installed: InstalledPackage
beforeAll(() => {
  installed = installPackage()
}, SLOW)
afterAll(() => installed?.remove())

it(
  'the examples of the guide to the library compile against the published types, and print what they say',
  () => {
    const compilerOptions = {
      ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      ...{ module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'], noUnusedLocals: true },
    }
    const { project } = installed
    writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['guide.ts'] }))
    writeFileSync(join(project, 'guide.ts'), program)
    const compiled = spawnSync(tsc, ['-p', project], { encoding: 'utf8' })
    expect(compiled.stdout).toBe('')

    const env = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' }
    const run = spawnSync(process.execPath, ['guide.js'], { cwd: project, encoding: 'utf8', env })
    expect(run.stdout.trimEnd().split('\n'), run.stderr).toEqual(promised)
    expect(run.status).toBe(0)
    expect(promised.length).toBeGreaterThan(40)
  },
  SLOW,
)

it('the guide shows every call of the library', { timeout: SLOW }, async () => {
  const { createTestAuth } = await import('../../src/testing/index.js')
  const auth = await createTestAuth({ config: { auth: { mode: 'bypass', magicLink: true } } })
  const calls = callsOf(auth.api, 'api')
  await auth.close()
  expect(calls.length).toBeGreaterThan(30)
  const spelt = program.replaceAll('?.', '.')
  expect(calls.filter((call) => !spelt.includes(`.${call}(`))).toEqual([])
})

/** The paths of the functions in an object and in those it holds. */
function callsOf(value: object, path: string): string[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (typeof member === 'function') return [`${path}.${name}`]
    return typeof member === 'object' && member !== null ? callsOf(member, `${path}.${name}`) : []
  })
}
