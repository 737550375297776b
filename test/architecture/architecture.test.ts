import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/contract/error-codes.js'
import { checkArchitecture } from './check-architecture.js'
import { LAYERS, ROOM_TIERS } from './layout.js'
import { projectRoot, readSourceTree } from './source-tree.js'

const LEAST_MODULES = 180
const LEAST_IMPORTS = 700

describe('the house', () => {
  const tree = readSourceTree()
  const report = checkArchitecture(tree)

  it('was looked at in full: every file on disk, and not a handful of them', () => {
    const onDisk = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    expect(report.modules).toBe(onDisk.filter((name) => /\.[cm]?tsx?$/.test(name)).length)
    expect(report.modules).toBeGreaterThanOrEqual(LEAST_MODULES)
    expect(report.imports).toBeGreaterThanOrEqual(LEAST_IMPORTS)
  })

  it('keeps every rule of its architecture', () => {
    const lines = report.violations.map(({ rule, path, message }) => `${rule}: ${path}: ${message}`)
    expect(lines).toEqual([])
  })

  it('has no folder that is not in the layout, and no room without a place in the order', () => {
    const foldersOf = (path: string) =>
      readdirSync(join(projectRoot, path), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    expect(Object.keys(LAYERS)).toEqual(expect.arrayContaining(foldersOf('src')))
    expect(ROOM_TIERS.flat()).toEqual(expect.arrayContaining(foldersOf('src/features')))
  })

  it('documents every error code with its status', () => {
    const page = readFileSync(join(projectRoot, 'docs', 'errors.md'), 'utf8')
    const undocumented = Object.entries(ERROR_CODES).filter(
      ([code, { status }]) => !page.includes(`\n## ${code}\n\n**${status}**`),
    )
    expect(undocumented).toEqual([])
  })
})
