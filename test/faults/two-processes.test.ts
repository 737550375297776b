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

  async function registered(
    caller: Caller,
    email = EMAIL,
  ): Promise<{ access: string; refresh: string; sessionId: string }> {
    const { status, given } = await caller.register(email, PASSWORD)
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

  it('what logout, revoke and revokeAll end on one server is dead on the other: a refresh token at once', async () => {
    const deployment = await deploy()
    const [a, b] = await Promise.all([deployment.serve(), deployment.serve()].map(callerOf))
    if (a === undefined || b === undefined) throw new Error('two were started')
    for (const way of ['logout', 'revoke', 'revokeAll'] as const) {
      const email = `${way.toLowerCase()}@example.com`
      const { access, refresh, sessionId } = await registered(a, email)
      for (let n = 0; n < 3; n++) expect((await b.use(email, access)).status).toBe(200)
      const ended = await a[way](email, access, sessionId)
      expect(ended.outcome).toBe('ok')
      expect((await b.refresh(email, refresh)).code).toBe('session_revoked')
      // The access token when it has heard.
      await until(async () => (await b.use(email, access)).code === 'session_revoked')
    }
  })

  it('one refresh token, presented to both at once, gives one pair', async () => {
    const deployment = await deploy()
    const [a, b] = await Promise.all([deployment.serve(), deployment.serve()].map(callerOf))
    if (a === undefined || b === undefined) throw new Error('two were started')
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

  it('`users create` makes an account that signs in on the running server, `users disable` ends its tokens', async () => {
    const deployment = await deploy()
    const server = await callerOf(deployment.serve())
    const made = deployment.run(['users', 'create', '--email', EMAIL, '--password-stdin'], { input: `${PASSWORD}\n` })
    expect((await made.ended).code).toBe(0)
    const { status, given } = await server.login(EMAIL, PASSWORD)
    expect(status).toBe(200)
    expect((await server.use(EMAIL, given?.access ?? '')).status).toBe(200)

    const { code, stderr } = await deployment.run(['users', 'disable', '--email', EMAIL]).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect((await server.use(EMAIL, given?.access ?? '')).status).toBe(401)
    expect((await server.refresh(EMAIL, given?.refresh ?? '')).status).toBe(401)
    expect((await server.login(EMAIL, PASSWORD)).code).toBe('account_disabled')
  })
})
