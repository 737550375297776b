import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InstalledPackage, installPackage } from './installed-package.js'

const SLOW = 120_000
/** Unpacked; a third of it is the page of the API. */
const MOST_BYTES = 6 * 1024 * 1024
/** Each costs npm, which unpacks a tarball three times before it runs it, about 4 ms (docs/adr/0017). */
const MOST_FILES = 700

const EXPECTED = [
  /^dist\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(js|d\.ts)$/,
  /^dist\/cli\/(bin\.cjs|third-party-licenses\.txt)$/,
  /^dist\/http\/docs-assets\/(swagger-ui-bundle\.js|swagger-ui\.css|LICENSE)$/,
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|SECURITY\.md)$/,
]

/** `from 'name/sub'`, `import('name')`, `require('name')`; the name alone is caught. */
const BARE_IMPORT =
  /(?:\bfrom |\bimport |\bimport\(|\b(?:createRequire\(import\.meta\.url\)|require)\()(['"])((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[\w./-]*)?\1/g

// ASVS 13.3.1
describe('the package as it would be published', () => {
  let installed: InstalledPackage

  beforeAll(() => {
    installed = installPackage(['react'])
  }, SLOW)
  afterAll(() => installed?.remove())

  const node = (args: readonly string[], cwd = installed.project) =>
    spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } })

  it('holds the built program and its documents, and nothing else', () => {
    const unexpected = installed.files.filter((path) => !EXPECTED.some((pattern) => pattern.test(path)))
    expect(unexpected).toEqual([])
    expect(installed.files.length).toBeGreaterThan(60)
    expect(installed.files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/http/docs-assets/LICENSE']))
  })

  it('holds no test and no planted secret, and stays small', () => {
    expect(installed.files.filter((path) => /\.test\.|\.env|\.key$|\.db$/.test(path))).toEqual([])
    const bytes = installed.files.reduce((sum, path) => sum + statSync(join(installed.folder, path)).size, 0)
    expect(bytes).toBeLessThan(MOST_BYTES)
    expect(installed.files.length).toBeLessThan(MOST_FILES)
  })

  it('runs nothing when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
    expect(Object.keys(installed.manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
  })

  it('resolves every one of its exports, with its declared dependencies alone', () => {
    const names = Object.keys(installed.manifest.exports).filter((name) => !name.endsWith('.json'))
    expect(names).toEqual(expect.arrayContaining(['.', './testing']))
    for (const name of names) {
      const specifier = `sallyport${name.slice(1)}`
      const result = node(['--input-type=module', '--eval', `await import('${specifier}')`])
      expect({ specifier, stderr: result.stderr, status: result.status }).toEqual({ specifier, stderr: '', status: 0 })
    }
  })

  it('imports only what it declares, at the start or on first use', () => {
    const { dependencies, peerDependencies } = installed.manifest
    const code = installed.files.filter((path) => /^dist\/(?!http\/docs-assets\/).*\.c?js$/.test(path))
    const imported = code.flatMap((path) => {
      const text = readFileSync(join(installed.folder, path), 'utf8')
      return [...text.matchAll(BARE_IMPORT)].map(([, , name = '']) => name)
    })
    const used = new Set(imported.filter((name) => !isBuiltin(name)))
    const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
    expect([...used].filter((name) => !declared.includes(name))).toEqual([])
    expect([...used]).toEqual(expect.arrayContaining(['hono', 'libsql', 'nodemailer', 'pg', 'react', 'zod']))
  })

  it('keeps what is not exported to itself', () => {
    const result = node(['--input-type=module', '--eval', `await import('sallyport/dist/auth.js')`])
    expect(result.status).not.toBe(0)
    expect(result.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('answers --help from an empty folder, and leaves it empty', () => {
    const empty = join(installed.project, 'empty')
    mkdirSync(empty)
    const program = join(installed.folder, installed.manifest.bin.sallyport)
    const result = node([program, '--help'], empty)
    expect(result).toMatchObject({ status: 0, stderr: '' })
    expect(result.stdout).toContain('serve')
    expect(readdirSync(empty)).toEqual([])
    expect(statSync(program).mode & 0o111).toBe(0o111)
  })
})
