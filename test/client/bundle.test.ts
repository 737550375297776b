import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { beforeAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const MOST_BYTES = 8 * 1024

let bundle: { readonly code: string; readonly imports: readonly string[]; readonly modules: readonly string[] }
beforeAll(async () => {
  const build = await rolldown({ input: join(root, 'src/client/index.ts'), platform: 'browser' })
  const { output } = await build.generate({ format: 'iife', name: 'client', minify: true })
  await build.close()
  const [chunk, ...others] = output
  expect(others).toEqual([])
  const modules = chunk.moduleIds.map((id) => id.replace(`${root}/`, ''))
  bundle = { code: chunk.code, imports: [...chunk.imports, ...chunk.dynamicImports], modules }
})

it('is less than 8 KB for a browser to fetch, and nothing of the server', () => {
  expect(gzipSync(bundle.code, { level: 9 }).length).toBeLessThan(MOST_BYTES)
  expect(bundle.imports).toEqual([])
  expect(bundle.modules.length).toBeGreaterThan(10)
  expect(bundle.modules.filter((id) => !/^src\/(client|contract)\/[a-z-]+\.ts$/.test(id))).toEqual([])
  expect(bundle.code).not.toMatch(/node:|require\(|Buffer\b|process\b/)
})

it('touches nothing when it is imported, and when a client is made: not even what every host has', () => {
  const make = `${bundle.code}; client.createClient({ baseUrl: 'https://x.example' }).session.current().status`
  expect(runInNewContext(make, {})).toBe('loading')
})
