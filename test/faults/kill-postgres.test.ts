import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { type PostgresServer, startPostgres } from '../databases/start-postgres.js'
import { queryOn, runOn } from '../databases/test-database.js'
import type { Caller } from './caller.js'
import { Deployment } from './deployment.js'
import { describeRun } from './describe-run.js'
import type { Act, Given, History } from './history.js'
import { killPostgres, runFaults } from './kill-run.js'

const KILLS = Math.ceil(Number(process.env['FAULT_KILLS'] ?? 3) / 3)
/** Only against a hang: how long a run takes is up to the machine. */
const HANG = 120_000 + KILLS * 60_000

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(
  settings: Record<string, string> = {},
): Promise<{ postgres: PostgresServer; deployment: Deployment }> {
  const postgres = await startPostgres({ settings })
  closers.push(() => postgres.dispose())
  const deployment = new Deployment({ databaseUrl: postgres.url() })
  closers.push(() => deployment.remove())
  return { postgres, deployment }
}

async function untilRefused(ask: () => Promise<Response>): Promise<Response> {
  let answer = await ask()
  while (answer.status === 200) {
    await answer.arrayBuffer()
    await sleep(10)
    answer = await ask()
  }
  return answer
}

/** A session that nobody has tried to end: of one that has ended, memory may say so without the database. */
function stillOpen({ acts }: History): Given | null {
  const ends: readonly Act['kind'][] = ['logout', 'revoke', 'revoke_all']
  const isOpen = ({ email, start }: Act) =>
    !acts.some((later) => later.email === email && later.end > start && ends.includes(later.kind))
  return acts.findLast((act) => act.given?.access != null && isOpen(act))?.given ?? null
}

/** What a caller sees while PostgreSQL is gone. */
async function lookAtOutage({ url, history }: Caller): Promise<void> {
  const { access = null, refresh = null } = stillOpen(history) ?? {}
  const bearer = { authorization: `Bearer ${access}` }
  // What its memory holds counts for `max_staleness`.
  await untilRefused(() => fetch(`${url}/auth/me`, { headers: bearer }))
  const readiness = await untilRefused(() => fetch(`${url}/health/ready`))
  expect(readiness.status).toBe(503)
  expect(await readiness.json()).toMatchObject({ status: 'not_ready', checks: { database: 'failing' } })
  expect((await fetch(`${url}/health/live`)).status).toBe(200)

  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ email: 'nobody@example.com', password: 'a good long password' })
  const requests: readonly (readonly [string, RequestInit])[] = [
    ['/auth/register', { method: 'POST', headers: json, body }],
    ['/auth/login', { method: 'POST', headers: json, body }],
    ['/auth/refresh', { method: 'POST', headers: json, body: JSON.stringify({ refresh_token: refresh }) }],
    ['/auth/me', { headers: bearer }],
    ['/auth/verify', { headers: bearer }],
    ['/auth/sessions', { headers: bearer }],
    ['/auth/sessions', { method: 'DELETE', headers: bearer }],
    // A logout that cannot be kept is not acknowledged.
    ['/auth/logout', { method: 'POST', headers: bearer }],
  ]
  for (const [path, init] of requests) {
    const answer = await fetch(`${url}${path}`, init)
    const text = await answer.text()
    expect(answer.status, `${path} ${text}`).toBe(503)
    expect(z.object({ code: z.string() }).parse(JSON.parse(text)).code).toBe('unavailable')
    expect(answer.headers.get('retry-after'), path).toMatch(/^\d+$/)
    expect(text).not.toMatch(/postgres|ECONN|127\.0\.0\.1|connection|select |insert |node_modules|\bat \//i)
  }
}

it(
  `keeps what it answered over ${KILLS} times kill -9 of PostgreSQL, says 503 meanwhile, and recovers by itself`,
  async () => {
    const { postgres, deployment } = await start()
    const run = await runFaults(deployment, KILLS, (caller) => killPostgres(deployment, postgres, caller, lookAtOutage))
    console.log(describeRun('PostgreSQL killed', run))
    expect(run.violations, `see ${run.record}`).toEqual([])
    expect(run.leaks).toEqual([])
    expect(Math.min(...run.cutOff)).toBeGreaterThan(0)
    expect(run.unanswered).toBe(0)
  },
  HANG,
)

it(
  'is seen to lose what it answered where PostgreSQL acknowledges before it writes',
  async () => {
    const { postgres, deployment } = await start({ synchronous_commit: 'off', wal_buffers: '16MB' })
    const run = await runFaults(deployment, 1, async (caller) => {
      const fault = await killPostgres(deployment, postgres, caller, async () => undefined)
      // What was started with is kept. From here on writing is left to a process that does not come to it, as for a
      // moment after every commit: the kill hits that moment.
      await runOn(postgres.url(), 'checkpoint')
      const { rows } = await queryOn(
        postgres.url(),
        "select pid from pg_stat_activity where backend_type = 'walwriter'",
      )
      process.kill(z.int().parse(rows[0]?.pid), 'SIGSTOP')
      return fault
    })
    rmSync(run.record, { force: true })
    expect(run.violations.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['account_lost', 'token_lost', 'row_missing']),
    )
  },
  HANG,
)
