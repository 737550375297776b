import { beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createPostgresDatabase } from '../databases/test-database.js'
import { Deployment } from '../faults/deployment.js'
import { untilReady } from '../faults/server-process.js'
import { built } from '../program/run-program.js'
import { connect } from '../websockets/socket-client.js'

beforeAll(built, 120_000)

const account = z.object({ access_token: z.string() })
const guest = z.object({ token: z.string() })

async function send<Answer>(url: string, path: string, body: object, shape: z.ZodType<Answer>): Promise<Answer> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return shape.parse(await answer.json())
}

/** Two processes on one PostgreSQL. */
async function twoNodes() {
  const database = await createPostgresDatabase(inject('postgresUrl'))
  onTestFinished(() => database.remove())
  const websocket = { max_connections_per_user: 2 }
  const deployment = new Deployment({ databaseUrl: database.url, config: { websocket } })
  onTestFinished(() => deployment.remove())
  const [killed, staying] = [deployment.serve(), deployment.serve()]
  const [there, here] = [await killed.url(), await staying.url()]
  await Promise.all([untilReady(there), untilReady(here)])
  return { killed, there, here }
}

const socketOf = (url: string) => `${url.replace('http', 'ws')}/ws`

it('a node that is killed has ended what it said is ended, and keeps nobody from connecting at another one', async () => {
  const { killed, there, here } = await twoNodes()
  const register = (name: string) => {
    const body = { email: `${name}@example.com`, password: 'violet-anchor-7-lantern' }
    return send(there, '/auth/register', body, account)
  }
  const [ada, bob] = [await register('ada'), await register('bob')]
  const guests = await Promise.all(Array.from({ length: 20 }, () => send(there, '/session', {}, guest)))
  const adas = [await connect(socketOf(there)), await connect(socketOf(there))]
  for (const client of adas) await client.authenticate(ada.access_token)
  const bobs = await connect(socketOf(here))
  await bobs.authenticate(bob.access_token)
  const third = await connect(socketOf(here), { authorization: `Bearer ${ada.access_token}` })
  expect(await third.closed).toMatchObject({ code: 4409 })

  // Some are being counted at this moment, under the lock that the nodes share.
  const arriving = await Promise.all(guests.map(() => connect(socketOf(there))))
  for (const [at, client] of arriving.entries()) {
    client.send({ type: 'authenticate', session_token: guests[at]?.token ?? '' })
  }
  const headers = { authorization: `Bearer ${bob.access_token}` }
  const { status } = await fetch(`${there}/auth/logout`, { method: 'POST', headers })
  expect(status).toBe(204)
  await killed.end('SIGKILL')

  expect(await bobs.next('session_revoked')).toMatchObject({ reason: 'logout' })
  expect(await bobs.closed).toMatchObject({ code: 4403 })
  for (const client of [...adas, ...arriving]) expect(await client.closed).toMatchObject({ code: 1006 })
  for (const { token } of guests) await (await connect(socketOf(here))).authenticate(token)
}, 30_000)
