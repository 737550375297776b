import { Client } from 'pg'
import { expect, inject, it, onTestFinished } from 'vitest'
import { PLACES_LOCK } from '../../src/features/websocket/websocket-place-store.js'
import { type ConfigInput, createAuth } from '../../src/index.js'
import { until } from '../cluster/until.js'
import { createPostgresDatabase } from '../databases/test-database.js'
import { connect } from './socket-client.js'
import { serveSockets } from './socket-server.js'

/** A server of its own on a PostgreSQL of its own, and somebody with an account. */
async function serving(config: ConfigInput = {}) {
  const database = await createPostgresDatabase(inject('postgresUrl'))
  onTestFinished(() => database.remove())
  const auth = await createAuth({
    ...config,
    secret: 'a master key for tests, never for anything else',
    storage: { url: database.url, allowUnsafeDurability: true, statementTimeout: '60s' },
    auth: { ...config.auth, password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 } } },
  })
  onTestFinished(() => auth.close())
  const { url } = await serveSockets(auth)
  const { accessToken } = await auth.api.register({ email: 'ada@example.com', password: 'correct horse battery' })
  const stalling = new Client({ connectionString: database.url })
  await stalling.connect()
  onTestFinished(() => stalling.end())
  return { url, accessToken, stalling }
}

it('who does not authenticate is closed in time, though the database is asked about somebody else and does not answer', async () => {
  const { url, accessToken, stalling } = await serving({
    // Soon its end is near, and the session is looked at.
    auth: { session: { ttl: '2s' } },
    websocket: { authTimeout: '500ms' },
  })
  const known = await connect(url)
  await known.authenticate(accessToken)
  await stalling.query('begin; lock table sessions in access exclusive mode')
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await until(async () => ((await stalling.query(waiting)).rowCount ?? 0) > 0)
  const silent = await connect(url)
  expect(await silent.closed).toMatchObject({ code: 4408 })
}, 20_000)

it('a node that stands still while it counts keeps nobody from connecting at another one', async () => {
  const { url, accessToken, stalling } = await serving()
  await stalling.query(`begin; select pg_advisory_xact_lock(${PLACES_LOCK}::bigint)`)
  await (await connect(url)).authenticate(accessToken)
}, 20_000)
