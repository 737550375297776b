import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf } from '../guides/code-blocks.js'
import { GUIDE_PROGRAMS } from './guide-programs.js'
import { type InstalledPackage, installPackage, tsc } from './installed-package.js'

const SLOW = 120_000

/** A page's examples as one module each: what the page takes for granted, the examples, and the end of it. */
const programs = GUIDE_PROGRAMS.map(({ page, before = '', after = '' }) => {
  const examples = blocksOf(page).filter(({ language }) => language === 'ts' || language === 'js')
  const name = page.replaceAll(/\W/g, '-')
  const imports = examples.flatMap(({ text }) => text.match(/^import [^;]*? from '.*'$/gm) ?? [])
  const rest = examples.map(({ text }) => text.replaceAll(/^import [^;]*? from '.*'$/gm, ''))
  const text = [...imports, before, ...rest, after].join('\n')
  const promised = [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, output = '']) => output)
  return { page, name, text, promised }
})

let installed: InstalledPackage
beforeAll(() => {
  installed = installPackage(['@types/express', '@types/ws', 'express', 'fastify'])
  const compilerOptions = {
    ...{ strict: true, skipLibCheck: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'] },
  }
  const files = programs.map(({ name }) => `${name}.ts`)
  writeFileSync(join(installed.project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  writeFileSync(join(installed.project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  for (const { name, text } of programs) writeFileSync(join(installed.project, `${name}.ts`), text)
}, SLOW)
afterAll(() => installed?.remove())

it(
  'the examples of the pages compile against the published types, run, and print what they say',
  () => {
    const compiled = spawnSync(tsc, ['-p', installed.project], { encoding: 'utf8' })
    expect(compiled.stdout).toBe('')
    for (const { page, name, promised } of programs) {
      const env = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' }
      const run = spawnSync(process.execPath, [`${name}.js`], { cwd: installed.project, encoding: 'utf8', env })
      expect({ page, status: run.status, errors: run.stderr }).toEqual({ page, status: 0, errors: '' })
      if (promised.length > 0) expect(run.stdout.trimEnd().split('\n')).toEqual(promised)
    }
  },
  SLOW,
)
