import { expect, it, onTestFinished } from 'vitest'
import { startPostgres, startStandby } from '../databases/start-postgres.js'
import { startTcpProxy } from '../databases/tcp-proxy.js'
import { queryOn } from '../databases/test-database.js'
import { type BareNode, openNodeOfTest } from '../flows/nodes.js'
import { bearer, codeOf, newEmail, PASSWORD } from '../flows/people.js'
import { until } from './until.js'

/** `200`, or the code of the refusal. */
async function verified(node: BareNode, token: string): Promise<string> {
  const answer = await node.request('/auth/verify', { headers: bearer(token) })
  return answer.status === 200 ? '200' : codeOf(answer)
}

/** A second later, since the answer is kept that long. */
async function ready({ clock, request }: BareNode): Promise<number> {
  clock.advance(1_000)
  return (await request('/health/ready')).status
}

/** A primary that waits for its standby before it acknowledges, and an address that leads to whichever leads. */
async function replicated() {
  const primary = await startPostgres()
  onTestFinished(() => primary.dispose())
  const standby = await startStandby(primary)
  onTestFinished(() => standby.dispose())
  await queryOn(primary.url(), `alter system set synchronous_standby_names = '*'`)
  await queryOn(primary.url(), 'select pg_reload_conf()')
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: primary.port })
  onTestFinished(() => proxy.close())
  const url = new URL(primary.url())
  url.port = String(proxy.port)
  return { primary, standby, proxy, url: url.href }
}

it.each(['stateful', 'stateless'] as const)(
  'a standby that takes over is used without a restart, and nothing acknowledged is lost: %s',
  async (mode) => {
    const { primary, standby, proxy, url } = await replicated()
    const [a, b] = [
      await openNodeOfTest({ url, auth: { mode }, judged: false }),
      await openNodeOfTest({ url, auth: { mode }, judged: false }),
    ]
    const account = { email: newEmail(), password: PASSWORD }
    const living = await a.api.register(account)
    const ended = await a.api.login(account)
    const later = await a.api.login(account)
    for (const { accessToken } of [living, ended, later]) expect(await verified(b, accessToken)).toBe('200')
    await a.api.logout({ accessToken: ended.accessToken })

    await primary.kill()
    await expect(a.api.login(account)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await ready(a)).toBe(503)

    // The address moves before the standby leads: it reads, and takes no writes.
    proxy.pointTo({ host: '127.0.0.1', port: standby.port })
    await until(async () => (await verified(b, ended.accessToken)) === 'session_revoked')
    await expect(a.api.login(account)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(a.api.logout({ accessToken: later.accessToken })).rejects.toMatchObject({ code: 'unavailable' })
    expect(await ready(a)).toBe(503)

    await queryOn(standby.url(), 'select pg_promote()')
    await until(async () => (await ready(a)) === 200 && (await ready(b)) === 200)
    for (const node of [a, b]) {
      expect(await verified(node, living.accessToken)).toBe('200')
      expect(await verified(node, ended.accessToken)).toBe('session_revoked')
      expect((await node.api.login(account)).userId).toBe(living.userId)
    }
    expect((await b.api.refresh({ refreshToken: living.refreshToken })).userId).toBe(living.userId)
    await a.api.logout({ accessToken: later.accessToken })
    await until(async () => (await verified(b, later.accessToken)) === 'session_revoked')
  },
  60_000,
)
