import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { tarball } from './installed-package.js'
import { type NewUser, newUser } from './npx-server.js'

const SLOW = 240_000

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ hasInstallScript: z.boolean().optional(), optional: z.boolean().optional() }),
  ),
})

let user: NewUser
beforeAll(() => {
  user = newUser()
})
afterAll(() => user?.remove())

it(
  'npx serves from an empty folder with nothing but the package: SQLite, a new secret, a first account',
  async () => {
    const server = await user.serve(tarball())
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
    const registered = await fetch(`${server.url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@example.com', password: 'violet-anchor-7-lantern' }),
    })
    expect(registered.status).toBe(201)
    // Nothing is installed into the folder itself.
    expect(readdirSync(user.folder)).toEqual(['data'])
    await server.stop()
    await expect(fetch(server.url)).rejects.toThrow()
  },
  SLOW,
)

it('installing it runs no script: not of the package, not of what it brings', () => {
  const folder = user.installed()
  if (folder === null) throw new Error('npx has installed nothing')
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')))
  const paths = Object.keys(lock.packages).filter((path) => path !== '')
  expect(paths).toContain('node_modules/sallyport')
  expect(paths.length).toBeGreaterThan(30)
  expect(paths.filter((path) => lock.packages[path]?.hasInstallScript)).toEqual([])
  // npm sets that field for a binding.gyp alone, too; scripts that it does not note would stand in the manifests.
  const hooks = /"(?:preinstall|install|postinstall)"\s*:/
  const scripted = paths.filter((path) => {
    const manifest = join(folder, path, 'package.json')
    return existsSync(manifest) && hooks.test(readFileSync(manifest, 'utf8'))
  })
  expect(scripted).toEqual([])
})
