import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { findSecrets } from '../secrets/find-secrets.js'
import { Deployment, type DeploymentOptions } from './deployment.js'
import type { Ended } from './server-process.js'

// Only against a hang: how long a start takes is up to the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function deploy(options: DeploymentOptions = {}): Deployment {
  const deployment = new Deployment(options)
  closers.push(() => deployment.remove())
  return deployment
}

/** Exit code 1, nothing announced, and on stderr why: no stack, no secret. */
function expectRefusal(deployment: Deployment, { code, signal, stdout, stderr }: Ended, why: RegExp, lines = 1): void {
  expect({ code, signal, stderr: stderr.trim() }).toEqual({ code: 1, signal: null, stderr: expect.stringMatching(why) })
  expect(stderr.trim().split('\n'), stderr).toHaveLength(lines)
  expect(stderr).toMatch(/^sallyport: /)
  expect(`${stdout}${stderr}`).not.toMatch(/listens on|^\s+at .+:\d+|node:internal|\.js:\d+/m)
  expect(findSecrets(stdout + stderr, deployment.secrets)).toEqual([])
}

describe('a start that cannot succeed says why, and ends with 1', () => {
  it('the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    closers.push(() => taken.close())
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : null
    const deployment = deploy()
    const ended = await deployment.run(['serve', '--port', String(port)]).ended
    expectRefusal(deployment, ended, new RegExp(`127\\.0\\.0\\.1:${port} is taken .*--port`))
  })

  it('the master key is another one', async () => {
    const deployment = deploy()
    const first = deployment.serve()
    await first.url()
    await first.end('SIGTERM')
    const ended = await deployment.serve({ env: { SALLYPORT_SECRET: 'another-master-key-of-enough-characters-0815' } })
      .ended
    expectRefusal(deployment, ended, /The master key is not the one that this database was made with/)
    // And the right one still opens it.
    const again = deployment.serve()
    await again.url()
    expect((await again.end('SIGTERM')).code).toBe(0)
  })

  it('the configuration has errors: file, line and key of each', async () => {
    const deployment = deploy()
    writeFileSync(join(deployment.folder, 'sallyport.yaml'), 'server:\n  prot: 1\nauth:\n  registration: 7\n')
    const ended = await deployment.serve().ended
    expectRefusal(
      deployment,
      ended,
      /not usable\n.*sallyport\.yaml:2.*server\.prot.*\n.*sallyport\.yaml:4.*auth\.registration/,
      3,
    )
  })

  it('the configuration is no YAML', async () => {
    const deployment = deploy()
    writeFileSync(join(deployment.folder, 'sallyport.yaml'), 'server:\n  host: [127.0.0.1\nauth: {}\n')
    expectRefusal(deployment, await deployment.serve().ended, /sallyport\.yaml:\d/, 2)
  })

  it('the configuration file is not there, or is a folder', async () => {
    const deployment = deploy()
    const absent = await deployment.run(['serve', '--config', 'absent.yaml']).ended
    expectRefusal(deployment, absent, /absent\.yaml/, 2)
    mkdirSync(join(deployment.folder, 'folder.yaml'))
    expectRefusal(deployment, await deployment.run(['serve', '--config', 'folder.yaml']).ended, /folder\.yaml/, 2)
  })

  it('the data folder is a file', async () => {
    const deployment = deploy()
    writeFileSync(join(deployment.folder, 'data'), 'not a folder')
    expectRefusal(deployment, await deployment.serve().ended, /SQLite file .*data\/sallyport\.db cannot be used: /)
  })

  it('the data folder is a file, and no master key is given', async () => {
    const deployment = deploy()
    writeFileSync(join(deployment.folder, 'data'), 'not a folder')
    expectRefusal(
      deployment,
      await deployment.serve({ env: { SALLYPORT_SECRET: '' } }).ended,
      /data folder .*data cannot hold the master key: /,
    )
  })

  it('the SQLite file is no database', async () => {
    const deployment = deploy()
    mkdirSync(join(deployment.folder, 'data'))
    writeFileSync(join(deployment.folder, 'data', 'sallyport.db'), 'these are no pages of a database. '.repeat(500))
    expectRefusal(deployment, await deployment.serve().ended, /data\/sallyport\.db/)
  })

  it('the SQLite file is damaged', async () => {
    const deployment = deploy()
    const first = deployment.serve()
    await first.url()
    await first.end('SIGTERM')
    const path = join(deployment.folder, 'data', 'sallyport.db')
    const { size } = statSync(path)
    // The header is kept, so that it looks like a database.
    spawnSync('dd', [
      'if=/dev/urandom',
      `of=${path}`,
      'bs=100',
      'seek=1',
      `count=${Math.floor(size / 100) - 1}`,
      'conv=notrunc',
    ])
    expectRefusal(deployment, await deployment.serve().ended, /data\/sallyport\.db/)
  })

  it('PostgreSQL does not answer', async () => {
    const deployment = deploy({ databaseUrl: 'postgres://sallyport:a-password-of-the-database@127.0.0.1:1/sallyport' })
    expectRefusal(
      deployment,
      await deployment.serve().ended,
      /PostgreSQL at postgres:.*127\.0\.0\.1:1\/sallyport cannot be used: /,
    )
  })

  it('PostgreSQL refuses the password', async () => {
    const url = new URL(inject('postgresUrl'))
    url.password = 'the-wrong-password-0815'
    const deployment = deploy({ databaseUrl: url.href })
    expectRefusal(
      deployment,
      await deployment.serve().ended,
      /PostgreSQL at postgres:.* cannot be used: password authentication failed/,
    )
  })
})

/** Root may write everywhere: the program runs without the capabilities that let it. */
describe('what this user may not write', () => {
  const launch =
    process.getuid?.() === 0 ? { through: ['setpriv', '--bounding-set', '-dac_override,-dac_read_search,-fowner'] } : {}

  it('the data folder', async () => {
    const deployment = deploy()
    mkdirSync(join(deployment.folder, 'data'), { mode: 0o555 })
    const ended = await deployment.serve(launch).ended
    expectRefusal(deployment, ended, /SQLite file .*data\/sallyport\.db cannot be used: .*permission denied/)
    const withoutKey = await deployment.serve({ ...launch, env: { SALLYPORT_SECRET: '' } }).ended
    expectRefusal(deployment, withoutKey, /data folder .*data cannot hold the master key: .*permission denied/)
  })

  it('the folder of a SQLite file that is there', async () => {
    const deployment = deploy()
    const first = deployment.serve()
    await first.url()
    await first.end('SIGTERM')
    const data = join(deployment.folder, 'data')
    chmodSync(data, 0o555)
    expectRefusal(deployment, await deployment.serve(launch).ended, /data\/sallyport\.db/)
  })

  it('a SQLite file that is there', async () => {
    const deployment = deploy()
    const first = deployment.serve()
    await first.url()
    await first.end('SIGTERM')
    chmodSync(join(deployment.folder, 'data'), 0o777)
    const path = join(deployment.folder, 'data', 'sallyport.db')
    chmodSync(path, 0o444)
    // Another's, so that it cannot be opened by its owner.
    if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534)
    expectRefusal(deployment, await deployment.serve(launch).ended, /data\/sallyport\.db/)
  })
})
