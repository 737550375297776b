import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { type RedisServer, startRedis, until } from '../redis/redis-server.js'
import { EXAMPLE_STARTS, type RunningExample, runExample } from './run-example.js'

let redis: RedisServer
let hearing: RunningExample
let deaf: RunningExample
beforeAll(async () => {
  redis = await startRedis()
  ;[hearing, deaf] = await Promise.all([
    runExample('microservice', { REDIS_URL: redis.url }),
    runExample('microservice', { REDIS_URL: '' }),
  ])
}, EXAMPLE_STARTS)
afterAll(async () => {
  await redis?.dispose()
  for (const example of [hearing, deaf]) expect(await example?.stop()).toBe(0)
})

/** Somebody who has just registered where the page of the example says. */
async function newcomer(example: RunningExample) {
  const page = await (await fetch(example.url)).text()
  const accounts = /Accounts are at (\S+),/.exec(page)?.[1] ?? ''
  const registered = await fetch(`${accounts}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'anna@example.com', password: 'correct horse battery' }),
  })
  const { access_token } = z.object({ access_token: z.string() }).parse(await registered.json())
  const headers = { authorization: `Bearer ${access_token}` }
  return {
    signOut: () => fetch(`${accounts}/auth/logout`, { method: 'POST', headers }),
    async orders(method = 'GET') {
      const answer = await fetch(`${example.url}/orders`, { method, headers })
      return { status: answer.status, body: z.unknown().parse(await answer.json()) }
    },
  }
}

it('the service knows callers by their tokens, and hears through Redis when a session has ended', async () => {
  const anna = await newcomer(hearing)
  expect(await anna.orders()).toEqual({ status: 200, body: [] })
  expect(await anna.orders('POST')).toEqual({ status: 200, body: [{ number: expect.any(Number) }] })
  expect(await anna.orders('DELETE')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  const nobody = await fetch(`${hearing.url}/orders`)
  expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect((await fetch(`${hearing.url}/health`)).status).toBe(200)
  expect((await anna.signOut()).status).toBe(204)
  await until(async () => (await anna.orders()).status === 401, 'the service has heard of the sign-out')
  expect(await anna.orders()).toMatchObject({ body: { code: 'session_revoked' } })
})

it('without Redis a token counts until its end', async () => {
  const anna = await newcomer(deaf)
  expect((await anna.signOut()).status).toBe(204)
  expect((await anna.orders()).status).toBe(200)
})
