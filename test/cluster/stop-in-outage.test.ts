import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../databases/start-postgres.js'
import { Deployment } from '../faults/deployment.js'
import { untilReady } from '../faults/server-process.js'
import { built } from '../program/run-program.js'
import { until } from './until.js'

beforeAll(built, 120_000)

it('a server that is told to stop while its database is gone stops in order', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.dispose())
  const deployment = new Deployment({ databaseUrl: postgres.url() })
  onTestFinished(() => deployment.remove())
  const server = deployment.serve()
  await untilReady(await server.url())
  await postgres.kill()
  // By now it has tried to listen again, and pauses before the next time.
  await until(async () => server.output.split('Changes of other nodes are not heard at once').length > 4)
  const { code, signal, stderr, stdout } = await server.end('SIGTERM')
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(stdout + stderr).toContain('"stopped"')
}, 60_000)
