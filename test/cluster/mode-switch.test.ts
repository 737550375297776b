import { afterEach, beforeAll, expect, it } from 'vitest'
import { startPostgres } from '../databases/start-postgres.js'
import { readRows } from '../faults/check-rows.js'
import { built } from '../program/run-program.js'
import { Cluster } from './cluster.js'
import { SwitchRun } from './switch-run.js'

/** Opened before each of the two switches. `npm run test:switch` asks for 1,000. */
const SESSIONS = Number(process.env['SWITCH_SESSIONS'] ?? 40)
/** Only against a hang: how long a run takes is up to the machine. */
const HANG = 120_000 + SESSIONS * 600

const closers: (() => Promise<void>)[] = []
beforeAll(built, 120_000)
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const DEPLOYMENTS = {
  postgres: async () => {
    const server = await startPostgres()
    closers.push(() => server.dispose())
    return { databaseUrl: server.url() }
  },
  sqlite: async () => ({}),
} as const

// ASVS 7.4.1
it.each([
  ['two nodes on PostgreSQL, restarted in turn', 'postgres', 2],
  ['one node on SQLite, restarted', 'sqlite', 1],
] as const)(
  'nobody is signed out and nobody comes back when the mode changes and changes back: %s',
  async (name, database, nodes) => {
    const cluster = await Cluster.start(await DEPLOYMENTS[database](), nodes, 'stateful')
    closers.push(() => cluster.remove())
    const run = new SwitchRun(cluster)
    for (const mode of ['stateless', 'stateful'] as const) {
      const { sessions, answered, underSwitch, converted } = await run.switchMode(SESSIONS, mode)
      const { signedOut, revokedAccepted, serverErrors } = run.findings
      console.log(
        `${name}, to ${mode}: ${sessions} sessions, ${converted} converted; answered ${answered.use} uses, ` +
          `${answered.refresh} refreshes, ${answered.end} ends, ${answered.deadToken} tries with dead tokens, ` +
          `${underSwitch} of all under the restart; so far ${cluster.refused} refused connections, ${cluster.cutOff} cut off; ` +
          `${signedOut.length} signed out, ${revokedAccepted.length} revoked accepted (elsewhere before it was heard: up to ${Math.round(run.late)} ms), ${serverErrors.length} answers of 5xx`,
      )
      expect(run.findings).toEqual({ signedOut: [], revokedAccepted: [], serverErrors: [], notConverted: [] })
      // The switch met what it was meant to meet.
      expect(underSwitch).toBeGreaterThan(0)
      expect(converted).toBeGreaterThan(SESSIONS / 10)
    }
    expect(cluster.refused).toBeGreaterThan(0)
    await cluster.stop()

    const rows = await readRows(cluster.databaseUrl)
    const ids = (revoked: boolean) =>
      rows.sessions.filter(({ revoked_at }) => (revoked_at !== null) === revoked).map(({ id }) => id)
    expect({ living: ids(false).sort(), dead: ids(true).sort() }).toEqual(run.sessions)
    expect(rows.events.filter(({ type }) => type === 'refresh.reused')).toEqual([])
  },
  HANG,
)

it('would see a node that honours one mode alone, and one that knows of no revocation', async () => {
  const auth = { accept: ['stateless'], jwt: { session_check: 'none' } }
  const cluster = await Cluster.start({}, 1, 'stateful', auth)
  closers.push(() => cluster.remove())
  const run = new SwitchRun(cluster)
  await run.switchMode(20, 'stateless')
  const { signedOut, revokedAccepted, serverErrors } = run.findings
  expect(signedOut.some((line) => line.includes('bearer') && line.includes('use at node 0: 401'))).toBe(true)
  expect(signedOut.some((line) => line.includes('browser'))).toBe(true)
  expect(revokedAccepted.length).toBeGreaterThan(0)
  expect(serverErrors).toEqual([])
}, 120_000)
