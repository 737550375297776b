import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type OutputChunk, rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type InstalledPackage, installPackage } from './installed-package.js'

const MOST_BYTES = 8 * 1024

let installed: InstalledPackage
beforeAll(() => {
  installed = installPackage()
}, 120_000)
afterAll(() => installed?.remove())

/** What a page gets that imports all of a subpath. */
async function bundle(subpath: string, external: readonly string[] = []): Promise<OutputChunk> {
  const entry = join(installed.project, `${subpath.replace('/', '-')}.js`)
  const build = await rolldown({
    input: 'entry',
    cwd: installed.project,
    platform: 'browser',
    logLevel: 'silent',
    external: [...external],
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : null),
        load: (id) => (id === entry ? `export * from '${subpath}'` : null),
      },
    ],
  })
  const { output } = await build.generate({ minify: true })
  await build.close()
  expect(output).toHaveLength(1)
  return output[0]
}

const modulesOf = ({ moduleIds }: OutputChunk) =>
  moduleIds.filter((id) => id.startsWith(installed.folder)).map((id) => id.slice(installed.folder.length + 1))

it('the client of the package is less than 8 KB for a page to fetch, and nothing of the server', async () => {
  const chunk = await bundle('sallyport/client')
  const bytes = gzipSync(chunk.code, { level: 9 }).length
  expect(bytes).toBeLessThan(MOST_BYTES)
  expect([...chunk.imports, ...chunk.dynamicImports]).toEqual([])
  const modules = modulesOf(chunk)
  expect(modules.length).toBeGreaterThan(10)
  expect(modules.filter((path) => !/^dist\/(?:client|contract)\//.test(path))).toEqual([])
})

it('and so is what goes with React', async () => {
  const chunk = await bundle('sallyport/react', ['react'])
  expect(gzipSync(chunk.code, { level: 9 }).length).toBeLessThan(MOST_BYTES)
  expect([...chunk.imports, ...chunk.dynamicImports]).toEqual(['react'])
  expect(modulesOf(chunk).filter((path) => !/^dist\/(?:client|contract)\//.test(path))).toEqual([])
})
