import { afterEach, describe, expect, it, vi } from 'vitest'
import { until } from '../cluster/until.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { findSecrets } from '../secrets/find-secrets.js'
import { Caller } from './caller.js'
import { readRows } from './check-rows.js'
import { Deployment } from './deployment.js'
import { History } from './history.js'
import type { ProgramProcess } from './server-process.js'

const EMAIL = 'ada@example.com'
const PASSWORD = 'a pässword of/Ada+% 0815'

// Only against a hang: how long a start takes is up to the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

// ASVS 7.4.2
describe.each(['sqlite', 'postgres'] as const)('processes on one database on %s', (dialect) => {
  async function deploy(): Promise<Deployment> {
    const database = dialect === 'postgres' ? await emptyPostgresDatabase() : undefined
    closers.push(() => database?.remove())
    const deployment = new Deployment(database === undefined ? {} : { databaseUrl: database.url })
    closers.push(() => deployment.remove())
    closers.push(async () => {
      await deployment.stop()
      expect(findSecrets(deployment.output, [PASSWORD, ...deployment.secrets, ...spoken])).toEqual([])
    })
    return deployment
  }

  const spoken = new Set<string>()
  async function callerOf(server: ProgramProcess): Promise<Caller> {
    const caller = new Caller(new History(), spoken)
    caller.url = await server.url()
    return caller
  }

  async function registered(caller: Caller): Promise<{ access: string; refresh: string; sessionId: string }> {
    const { status, given } = await caller.register(EMAIL, PASSWORD)
    expect(status).toBe(201)
    return { access: given?.access ?? '', refresh: given?.refresh ?? '', sessionId: given?.sessionId ?? '' }
  }

  it('two servers start at once on an empty one, with one master key, and honour each other’s tokens', async () => {
    const deployment = await deploy()
    // With SQLite the key is made at the first start, by one of them.
    const launch = dialect === 'sqlite' ? { env: { SALLYPORT_SECRET: '' } } : {}
    const [a, b] = await Promise.all([deployment.serve(launch), deployment.serve(launch)].map(callerOf))
    if (a === undefined || b === undefined) throw new Error('two were started')
    const { access, refresh } = await registered(a)
    expect((await b.register(EMAIL, PASSWORD)).code).toBe('email_taken')
    expect((await b.use(EMAIL, access)).status).toBe(200)
    const next = await b.refresh(EMAIL, refresh)
    expect(next.status).toBe(200)
    expect((await a.use(EMAIL, next.given?.access ?? '')).status).toBe(200)
    expect((await a.login(EMAIL, PASSWORD)).status).toBe(200)
    await deployment.stop()
    expect((await readRows(deployment.databaseUrl)).users).toHaveLength(1)
  })

  it.each(['logout', 'revoke', 'revokeAll'] as const)(
    'what %s ends on one server is dead on the other: its refresh token at once, its access token when it has heard',
    async (way) => {
      const deployment = await deploy()
      const a = await callerOf(deployment.serve())
      const b = await callerOf(deployment.serve())
      const { access, refresh, sessionId } = await registered(a)
      for (let n = 0; n < 3; n++) expect((await b.use(EMAIL, access)).status).toBe(200)
      const ended = await a[way](EMAIL, access, sessionId)
      expect(ended.outcome).toBe('ok')
      expect((await b.refresh(EMAIL, refresh)).code).toBe('session_revoked')
      await until(async () => (await b.use(EMAIL, access)).code === 'session_revoked')
    },
  )

  it('one refresh token, presented to both at once, gives one pair', async () => {
    const deployment = await deploy()
    const a = await callerOf(deployment.serve())
    const b = await callerOf(deployment.serve())
    let { refresh } = await registered(a)
    for (let round = 0; round < 20; round++) {
      const acts = await Promise.all([a, b, a, b].map((caller) => caller.refresh(EMAIL, refresh)))
      expect(acts.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect(new Set(acts.map(({ given }) => given?.refresh)).size).toBe(1)
      refresh = acts[0]?.given?.refresh ?? ''
    }
    await deployment.stop()
    expect((await readRows(deployment.databaseUrl)).sessions).toMatchObject([{ counter: 21, revoked_at: null }])
  })

  it('`users disable` ends the tokens of a running server', async () => {
    const deployment = await deploy()
    const server = await callerOf(deployment.serve())
    const { access, refresh } = await registered(server)
    expect((await server.use(EMAIL, access)).status).toBe(200)
    const { code, stderr } = await deployment.run(['users', 'disable', '--email', EMAIL]).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect((await server.use(EMAIL, access)).status).toBe(401)
    expect((await server.refresh(EMAIL, refresh)).status).toBe(401)
    expect((await server.login(EMAIL, PASSWORD)).code).toBe('account_disabled')
  })

  it('`users create` makes an account that signs in on the running server', async () => {
    const deployment = await deploy()
    const server = await callerOf(deployment.serve())
    const made = deployment.run(['users', 'create', '--email', EMAIL, '--password-stdin'], { input: `${PASSWORD}\n` })
    expect((await made.ended).code).toBe(0)
    expect((await server.login(EMAIL, PASSWORD)).status).toBe(200)
  })
})
