import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { startRedis, until } from '../redis/redis-server.js'
import { built, emptyFolder, serve } from './run-program.js'

const ROOT = join(import.meta.dirname, '..', '..')
const SLOW = 120_000

beforeAll(built, SLOW)

it(
  'the guide to microservices: its server, its user of Redis and its service work together as they stand there',
  async () => {
    const guide = await readFile(join(ROOT, 'docs/guides/microservices.md'), 'utf8')
    const blocks = (language: string) =>
      [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
    const [redis, folder] = await Promise.all([startRedis(), emptyFolder()])
    onTestFinished(() => redis.dispose())
    const [rights = '', ...noMore] = blocks('text')
    expect([await redis.cli(...rights.trim().split(' ')), noMore]).toEqual(['OK', []])
    expect(await redis.cli('acl', 'dryrun', 'orders', 'xadd', 'sallyport:feed:x', '*', 'a', 'b')).toContain(
      'no permissions',
    )
    const [configuration = ''] = blocks('yaml')
    await writeFile(join(folder, 'sallyport.yaml'), configuration)
    const { url } = await serve([], { folder, env: { REDIS_URL: redis.url } })

    const reader = redis.url.replace('//', '//orders:a-long-password@')
    const service = spawn(process.execPath, ['--input-type=module'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', SALLYPORT_URL: url, REDIS_URL: reader },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    service.stdin.end(blocks('js').join('\n'))
    const [address] = z.tuple([z.string()]).parse(await once(createInterface(service.stdout), 'line'))

    const registered = await fetch(`${url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@example.com', password: 'violet-anchor-7-lantern' }),
    })
    const { access_token, user_id } = z
      .object({ access_token: z.string(), user_id: z.string() })
      .parse(await registered.json())
    const headers = { authorization: `Bearer ${access_token}` }
    const ask = async (init: RequestInit = { headers }) => {
      const answer = await fetch(address, init)
      return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) }
    }
    expect(await ask()).toEqual({ status: 200, body: { userId: user_id, orders: [] } })
    expect(await ask({ method: 'POST', headers })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(await ask({})).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect((await fetch(`${address}/health`)).status).toBe(200)
    expect((await fetch(`${url}/auth/logout`, { method: 'POST', headers })).status).toBe(204)
    await until(async () => (await ask()).body['code'] === 'session_revoked', 'the service has heard of the sign-out')

    const ended = once(service, 'exit')
    service.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  },
  SLOW,
)
