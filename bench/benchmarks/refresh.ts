import { z } from 'zod'
import { type Benchmark, type Comparison, compare, type NotMeasured, type Reading } from '../benchmark.js'
import { Child } from '../load/child.js'
import { post } from '../load/peers.js'
import { findPgbench, runPgbench } from '../load/pgbench.js'
import { cpuOf } from '../load/process-cpu.js'
import { startStores } from '../load/stores.js'
import { done } from '../load/subject.js'
import { shown } from '../report.js'
import { inRounds } from '../rounds.js'
import { ACCOUNT } from '../subjects/composition.js'
import { POSTGRES_NOW, refreshStatement } from '../subjects/refresh-statement.js'
import { type Servers, startServers } from '../subjects/servers.js'

const AT_ONCE = 32
/** The program's pool, the raw client's, and pgbench's connections. */
const CONNECTIONS = 10
const REFRESH = new URL('../subjects/refresh.ts', import.meta.url)
const RAW_REFRESH = new URL('../subjects/raw-refresh.ts', import.meta.url)
const CLIENT = new URL('../load/refresh-client.ts', import.meta.url)
const OURS = { sqlite: 'Sallyport in process, SQLite', postgres: 'Sallyport in process, PostgreSQL' }
const RAW = { sqlite: 'libsql, the statement alone', postgres: 'pg, the statement alone' }
const OVER_HTTP = { sqlite: 'Sallyport over HTTP, SQLite', postgres: 'Sallyport over HTTP, PostgreSQL' }
const PGBENCH = 'pgbench, the statement alone'
const NO_PGBENCH = 'there is no pgbench beside the server or on PATH (Debian: it comes with the package postgresql)'

const signedIn = z.object({ refresh_token: z.string() })
const played = z.object({
  answered: z.int(),
  milliseconds: z.number(),
  p50: z.number(),
  p99: z.number(),
  tokens: z.array(z.string()),
})

interface Figures {
  readonly count: number
  readonly rate: number
  readonly cost: number
  readonly p50: number
  readonly p99: number
}

interface Variant {
  readonly name: string
  measure(): Promise<Figures>
}

/** Refreshes a second: the decision, its audit event and the new pair, durable before the answer. */
export const benchmark: Benchmark = async ({ quick }) => {
  const stores = await startStores()
  const milliseconds = quick ? 700 : 3_000
  const children: Child[] = []
  const servers: Servers[] = []
  const variants: Variant[] = []
  const start = async (file: URL, launch: Parameters<typeof Child.start>[1]) => {
    const { child } = await Child.start(file, launch)
    children.push(child)
    return child
  }
  const inProcess = (name: string, child: Child, work: string, atOnce: number) => {
    variants.push({
      name,
      async measure() {
        const { count, milliseconds: took, cpu } = await child.ask({ work, atOnce, milliseconds }, done)
        return { count, rate: (count * 1000) / took, cost: cpu / count, p50: Number.NaN, p99: Number.NaN }
      },
    })
  }
  try {
    // The raw clients have databases of their own, made and filled by the program.
    const urls = { sqlite: `sqlite:${stores.file('ours.db')}`, postgres: await stores.database('ours') }
    const rawUrls = { sqlite: `sqlite:${stores.file('raw.db')}`, postgres: await stores.database('raw') }
    for (const dialect of ['sqlite', 'postgres'] as const) {
      const settings = { mode: 'stateful', redis: null }
      inProcess(
        OURS[dialect],
        await start(REFRESH, { options: { ...settings, url: urls[dialect] } }),
        'refresh',
        AT_ONCE,
      )
      const filler = await start(REFRESH, { options: { ...settings, url: rawUrls[dialect] } })
      await filler.stop()
    }
    const raw = await start(RAW_REFRESH, { options: rawUrls })
    inProcess(RAW.sqlite, raw, 'sqlite', 1)
    inProcess(RAW.postgres, raw, 'postgres', AT_ONCE)
    const client = await start(CLIENT, { greets: false })
    for (const dialect of ['sqlite', 'postgres'] as const) {
      const database = dialect === 'sqlite' ? {} : { databaseUrl: await stores.database('served') }
      const server = await startServers({ mode: 'stateful', ...database })
      servers.push(server)
      variants.push(await overHttp(OVER_HTTP[dialect], server, client))
    }
    const notMeasured: NotMeasured[] = []
    const pgbench = findPgbench()
    if (pgbench === null) notMeasured.push({ what: 'Refresh on PostgreSQL against pgbench', reason: NO_PGBENCH })
    else variants.push(await underPgbench(pgbench, rawUrls.postgres))

    const plan = { rounds: quick ? 3 : 9, warmUp: { count: 4_000, milliseconds: quick ? 2_000 : 5_000 } }
    const figure = await inRounds(variants, plan, (variant) => variant.measure())

    const rate = (name: string) => figure(name, 'rate')
    const against = (ours: string, other: string): Comparison =>
      compare('more', {
        what: `Refresh, ${ours.replace('Sallyport ', '')}`,
        unit: 'refreshes a second',
        sallyport: rate(ours),
        against: other,
        other: rate(other),
      })
    const comparisons = [against(OURS.sqlite, RAW.sqlite), against(OURS.postgres, RAW.postgres)]
    const readings: Reading[] = [
      { goal: 'refresh-sqlite', value: rate(OURS.sqlite) / rate(RAW.sqlite) },
      { goal: 'refresh-rate', value: rate(OVER_HTTP.sqlite) },
    ]
    if (pgbench !== null) {
      comparisons.push(against(OURS.postgres, PGBENCH))
      readings.push({ goal: 'refresh-postgres', value: rate(OURS.postgres) / rate(PGBENCH) })
    }
    notMeasured.push({ what: 'Refresh against better-auth and express-session', reason: 'neither has refresh tokens' })
    return {
      tables: [
        {
          title: `Refreshes, ${AT_ONCE} at once, ${CONNECTIONS} connections to PostgreSQL (median of ${plan.rounds} shuffled rounds of ${milliseconds} ms)`,
          rows: variants.map(({ name }) => ({
            what: name,
            'a second': Math.round(rate(name)).toLocaleString('en'),
            'CPU µs each': shown(figure(name, 'cost'), 0),
            'p50 ms': shown(figure(name, 'p50'), 2),
            'p99 ms': shown(figure(name, 'p99'), 2),
          })),
        },
      ],
      comparisons,
      readings,
      notMeasured,
    }
  } finally {
    for (const child of children) await child.stop()
    for (const server of servers) await server.stop()
    await stores.stop()
  }

  async function overHttp(name: string, { urls, pids }: Servers, client: Child): Promise<Variant> {
    const [url = '', pid = 0] = [urls[0], pids[0]]
    await post(`${url}/auth/register`, ACCOUNT)
    let tokens: readonly string[] = await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const answer = await post(`${url}/auth/login`, ACCOUNT)
        return signedIn.parse(await answer.json()).refresh_token
      }),
    )
    return {
      name,
      async measure() {
        const before = cpuOf(pid)
        const result = await client.ask({ url, tokens, milliseconds }, played)
        tokens = result.tokens
        const { answered: count, p50, p99 } = result
        const cost = (cpuOf(pid) - before) / 1000 / count
        return { count, rate: (count * 1000) / result.milliseconds, cost, p50, p99 }
      },
    }
  }

  async function underPgbench(pgbench: string, url: string): Promise<Variant> {
    const tenant = await addNumberedSessions(url)
    const session = "('00000000-0000-7000-8000-' || lpad(:row::text, 12, '0'))"
    const statement = refreshStatement(POSTGRES_NOW, session, `'${tenant}'`).replaceAll('\n', ' ')
    const script = `\\set row random(1, 1000)\n${statement};\n`
    return {
      name: PGBENCH,
      async measure() {
        const file = stores.file('refresh.pgbench')
        const seconds = Math.ceil(milliseconds / 1000)
        const rate = await runPgbench(pgbench, url, { script, file, connections: CONNECTIONS, seconds })
        return { count: rate * seconds, rate, cost: Number.NaN, p50: Number.NaN, p99: Number.NaN }
      },
    }
  }
}

/** Rows whose ids a script of pgbench can say: its variables are numbers. Returns their tenant. */
async function addNumberedSessions(url: string): Promise<string> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`
      insert into sessions
      select (jsonb_populate_record(held, jsonb_build_object('id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0')))).*
      from (select s as held from sessions s limit 1) one, generate_series(1, 1000) n`)
    const { rows } = await client.query<{ tenant_id: string }>('select tenant_id from sessions limit 1')
    return rows[0]?.tenant_id ?? ''
  } finally {
    await client.end()
  }
}
