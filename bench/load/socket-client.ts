// A process of its own: opens connections and keeps them, or ends sessions and sees when their connections close.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { atOnce } from './at-once.js'
import { HttpConnection } from './http-connection.js'

const job = z.discriminatedUnion('work', [
  z.object({ work: z.literal('guests'), url: z.url(), count: z.int() }),
  z.object({ work: z.literal('open'), url: z.url(), atOnce: z.int() }),
  z.object({
    work: z.literal('end'),
    endAt: z.url(),
    connectedTo: z.url(),
    account: z.object({ email: z.string(), password: z.string() }),
    sockets: z.int(),
    rounds: z.int(),
  }),
])

const signedIn = z.object({ access_token: z.string() })
const guest = z.object({ token: z.string() })

/** Those of the guests that were made last. */
let tokens: string[] = []
let open: WebSocket[] = []
/** How often a client was told to come later. */
let waited = 0

/** Resolves when it has authenticated. */
function authenticated(url: string, token: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { perMessageDeflate: false })
    socket.on('open', () => socket.send(JSON.stringify({ type: 'authenticate', session_token: token })))
    socket.once('message', (text) => {
      if (String(text).includes('auth_success')) resolve(socket)
      else reject(new Error(String(text)))
    })
    socket.on('error', reject)
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
  })
}

async function makeGuests(url: string, count: number): Promise<object> {
  const connections = await Promise.all(Array.from({ length: 64 }, () => HttpConnection.open(url)))
  tokens = []
  await atOnce(connections, connections.length, async (connection) => {
    while (tokens.length < count) {
      const { body } = await connection.send('POST', '/session', null, {})
      tokens.push(guest.parse(JSON.parse(body)).token)
    }
    connection.close()
  })
  tokens.length = count
  return { made: count }
}

/** As a client should: who is refused, or finds the queue of the port full, comes again in a moment. */
async function persistently(url: string, token: string): Promise<WebSocket> {
  for (;;) {
    try {
      return await authenticated(url, token)
    } catch (error) {
      if (!/Unexpected server response|ECONNRESET|hang up/.test(String(error))) throw error
      waited++
      await sleep(200 + 800 * Math.random())
    }
  }
}

/** Opens one for each guest. Those that were open before are gone, as after the end of their server. */
async function openAll(url: string, many: number): Promise<object> {
  for (const socket of open) socket.terminate()
  open = []
  await sleep(1_000)
  waited = 0
  const started = performance.now()
  await atOnce(tokens, many, async (token) => open.push(await persistently(url, token)))
  return { open: open.length, waited, milliseconds: performance.now() - started }
}

async function endSessions({
  endAt,
  connectedTo,
  account,
  sockets,
  rounds,
}: Extract<z.output<typeof job>, { work: 'end' }>) {
  const connection = await HttpConnection.open(endAt)
  const delays: number[] = []
  for (let round = 0; round < rounds; round++) {
    const login = await connection.send('POST', '/auth/login', null, account)
    const { access_token: token } = signedIn.parse(JSON.parse(login.body))
    const all = await Promise.all(Array.from({ length: sockets }, () => authenticated(connectedTo, token)))
    const closed = all.map(
      (socket) =>
        new Promise<number>((resolve, reject) => {
          socket.on('close', (code) => (code === 4403 ? resolve(performance.now()) : reject(new Error(`${code}`))))
        }),
    )
    const { status, at } = await connection.send('POST', '/auth/logout', token)
    if (status !== 204) throw new Error(`The sign-out was answered ${status}`)
    delays.push(Math.max(0, Math.max(...(await Promise.all(closed))) - at))
  }
  connection.close()
  return { delays }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = job.parse(JSON.parse(line))
  const answer =
    asked.work === 'guests'
      ? await makeGuests(asked.url, asked.count)
      : asked.work === 'open'
        ? await openAll(asked.url, asked.atOnce)
        : await endSessions(asked)
  console.log(JSON.stringify(answer))
}
process.exit(0)
