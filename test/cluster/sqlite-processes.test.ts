import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { Deployment } from '../faults/deployment.js'
import { untilReady } from '../faults/server-process.js'
import { bearer, codeOf, PASSWORD } from '../flows/people.js'
import { built } from '../program/run-program.js'
import { until } from './until.js'

const EMAIL = 'ada@example.com'
const signedIn = z.object({ access_token: z.string() })
const me = z.object({ session_id: z.string() })

beforeAll(built, 120_000)

describe.each(['stateful', 'stateless'] as const)('a SQLite file shared by processes, %s', (mode) => {
  /** With this `max_staleness` no poll comes: what a server hears, it heard by the file's data version. */
  async function start(nodes: number) {
    const auth = {
      revocation: { max_staleness: '1h' },
      refresh: { reuse_grace: '5m' },
      password: { argon2id: { memory: 64, iterations: 1 } },
    }
    const deployment = new Deployment({ mode, config: { auth } })
    onTestFinished(() => deployment.remove())
    const urls: string[] = []
    for (let node = 0; node < nodes; node++) {
      const url = await deployment.serve().url()
      await untilReady(url)
      urls.push(url)
    }
    const answer = await fetch(`${urls[0]}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    })
    const { access_token } = signedIn.parse(await answer.json())
    const { session_id } = me.parse(await (await fetch(`${urls[0]}/auth/me`, { headers: bearer(access_token) })).json())
    return { deployment, urls, access_token, session_id }
  }

  async function verified(url: string, token: string): Promise<string> {
    const answer = await fetch(`${url}/auth/verify`, { headers: bearer(token) })
    return answer.status === 200 ? '200' : codeOf(answer)
  }

  it.each([
    ['sessions revoke', (session: string) => ['sessions', 'revoke', session]],
    ['users disable', () => ['users', 'disable', '--email', EMAIL]],
  ] as const)('a server whose memory holds a session hears of `sallyport %s`', async (_name, args) => {
    const { deployment, urls, access_token, session_id } = await start(1)
    const [url = ''] = urls
    expect(await verified(url, access_token)).toBe('200')
    const { code, stderr } = await deployment.run(args(session_id)).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await until(async () => (await verified(url, access_token)) === 'session_revoked')
  })

  it('a server whose memory holds a session hears of a sign-out at another one', async () => {
    const { urls, access_token } = await start(2)
    const [a = '', b = ''] = urls
    expect(await verified(b, access_token)).toBe('200')
    const left = await fetch(`${a}/auth/logout`, { method: 'POST', headers: bearer(access_token) })
    expect(left.status).toBe(204)
    await until(async () => (await verified(b, access_token)) === 'session_revoked')
  })
})
