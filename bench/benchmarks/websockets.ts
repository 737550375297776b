import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Benchmark, Reading, Table } from '../benchmark.js'
import { Child } from '../load/child.js'
import { HttpConnection } from '../load/http-connection.js'
import { residentMemory } from '../load/process-memory.js'
import { startStores } from '../load/stores.js'
import { percentile } from '../statistics.js'
import { ACCOUNT } from '../subjects/composition.js'
import { startServers } from '../subjects/servers.js'

const CLIENT = new URL('../load/socket-client.ts', import.meta.url)
const anything = z.looseObject({})
const opened = z.object({ open: z.int(), waited: z.int(), milliseconds: z.number() })
const ended = z.object({ delays: z.array(z.number()) })

/** Connections of one user that are closed together. */
const TOGETHER = 10
/** Connections that are being opened at the same time. */
const AT_ONCE = 200
/** The same in the storm: more than may be unauthenticated at a time. */
const STORM = 2_000
/** Milliseconds until a process has settled. */
const REST = 8_000
/** Everybody comes from this machine. */
const config = { websocket: { max_connections_per_address: 100_000, max_connections: 100_000 } }

/** What an idle connection takes, how soon an end closes all of a user's, and what a storm of reconnects does to others. */
export const benchmark: Benchmark = async ({ quick, count, only }) => {
  const sockets = count ?? (quick ? 500 : 10_000)
  const rounds = quick ? 12 : 1_000
  const tables: Table[] = []
  const readings: Reading[] = []
  const isWanted = (word: string) => only.length === 0 || only.includes(word)
  if (isWanted('memory') || isWanted('storm')) {
    const { table, bytes } = await holdAndReturn(sockets)
    tables.push(table)
    readings.push({ goal: 'websocket-memory', value: bytes / 1024 })
  }
  if (isWanted('close')) {
    const { table, slowest } = await closeTogether(rounds)
    tables.push(table)
    readings.push({ goal: 'websocket-close', value: slowest })
  }
  return { tables, readings }
}

/** Idle connections of as many guests, and the same ones coming back to a server that has just started. */
async function holdAndReturn(sockets: number) {
  const servers = await startServers({ mode: 'stateful', count: 1, realHash: true, config })
  const { child: client } = await Child.start(CLIENT, { greets: false })
  try {
    const [url = ''] = servers.urls
    const first = await HttpConnection.open(url)
    await first.send('POST', '/auth/register', null, ACCOUNT)
    const idle = await signInsDuring(url, () => sleep(10_000))
    await client.ask({ work: 'guests', url, count: sockets }, anything)
    const { milliseconds } = await client.ask({ work: 'open', url, atOnce: AT_ONCE }, opened)
    // Taken where nothing but the connections has ever needed room: the first one has made the guests.
    const { url: restarted, pid } = await servers.another()
    await sleep(REST)
    const before = residentMemory(pid)
    const again = await HttpConnection.open(restarted)
    await again.send('POST', '/auth/login', null, ACCOUNT)
    let storm = { open: 0, milliseconds: 0, waited: 0 }
    const during = await signInsDuring(restarted, async () => {
      storm = await client.ask({ work: 'open', url: restarted, atOnce: STORM }, opened)
    })
    for (const connection of [first, again]) connection.close()
    await sleep(REST)
    const { open } = storm
    const bytes = (residentMemory(pid) - before) / open
    const row = (what: string, value: string) => ({ what, value })
    return {
      bytes,
      table: {
        title: `${open.toLocaleString('en')} authenticated idle connections, each of a guest of its own`,
        rows: [
          row('resident memory of the server for each', `${(bytes / 1024).toFixed(1)} KiB`),
          row(`opened and authenticated, ${AT_ONCE} at a time`, `${Math.round((1000 * open) / milliseconds)} a second`),
          row(
            `all of them at a server that has just started, ${STORM} at a time`,
            `${(storm.milliseconds / 1000).toFixed(1)} s, ${storm.waited} times refused and come again`,
          ),
          row('sign-in meanwhile, p50 / p99', shown(during)),
          row('sign-in at rest, p50 / p99', shown(idle)),
        ],
      },
    }
  } finally {
    await client.stop()
    await servers.stop()
  }
}

function shown(times: readonly number[]): string {
  return `${percentile(times, 0.5).toFixed(0)} / ${percentile(times, 0.99).toFixed(0)} ms (${times.length})`
}

/** How long sign-ins took, one after the other, while something else went on. */
async function signInsDuring(url: string, work: () => Promise<unknown>): Promise<readonly number[]> {
  const connection = await HttpConnection.open(url)
  const times: number[] = []
  let isOver = false
  const working = work().finally(() => {
    isOver = true
  })
  while (!isOver || times.length === 0) {
    const started = performance.now()
    const { status, at } = await connection.send('POST', '/auth/login', null, ACCOUNT)
    if (status !== 200) throw new Error(`A sign-in was answered ${status}`)
    times.push(at - started)
    await sleep(5)
  }
  await working
  connection.close()
  return times
}

/** Signed out at one server, all connections of the session are at another one. */
async function closeTogether(rounds: number) {
  const rows: Table['rows'][number][] = []
  let slowest = 0
  const stores = await startStores()
  try {
    for (const way of ['notify', 'redis', 'sqlite'] as const) {
      const database = way === 'sqlite' ? {} : { databaseUrl: await stores.database(`sockets_${way}`) }
      const redis = way === 'redis' ? { redis: stores.redis.url } : {}
      const servers = await startServers({ mode: 'stateful', count: 2, config, ...database, ...redis })
      const { child: client } = await Child.start(CLIENT, { greets: false })
      try {
        const [a = '', b = ''] = servers.urls
        const first = await HttpConnection.open(a)
        await first.send('POST', '/auth/register', null, ACCOUNT)
        first.close()
        const job = { work: 'end', endAt: a, connectedTo: b, account: ACCOUNT, sockets: TOGETHER, rounds }
        const { delays } = await client.ask(job, ended)
        const [p50, p99, p100] = [percentile(delays, 0.5), percentile(delays, 0.99), percentile(delays, 1)]
        // SQLite in two processes hears of the other's commits every 20 ms.
        if (way !== 'sqlite') slowest = Math.max(slowest, p99)
        const ms = (value: number) => value.toFixed(1)
        rows.push({ 'heard by': way, rounds, 'p50 ms': ms(p50), 'p99 ms': ms(p99), 'p100 ms': ms(p100) })
      } finally {
        await client.stop()
        await servers.stop()
      }
    }
  } finally {
    await stores.stop()
  }
  const title = `Signed out at A, the last of ${TOGETHER} connections at B closed: from the 204 to its closing frame at the client`
  return { table: { title, rows }, slowest }
}
