import { afterAll, beforeAll, expect, it } from 'vitest'
import { EXAMPLE_STARTS, type RunningExample, runExample } from './run-example.js'

let example: RunningExample
beforeAll(async () => {
  example = await runExample('hono')
}, EXAMPLE_STARTS)
afterAll(async () => expect(await example?.stop()).toBe(0))

it('keeps the notes of whoever is signed in, and shows them to nobody else', async () => {
  const send = (method: string, path: string, token?: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(example.url + path, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { body }),
    })
  const signUp = async (email: string): Promise<string> => {
    const account = JSON.stringify({ email, password: 'violet-anchor-7-lantern' })
    const answer = await send('POST', '/auth/register', undefined, account, { 'content-type': 'application/json' })
    expect(answer.status).toBe(201)
    return Object(await answer.json()).access_token
  }
  const [ada, bob] = [await signUp('ada@example.com'), await signUp('bob@example.com')]
  expect((await send('POST', '/notes', ada, 'buy milk')).status).toBe(201)
  expect(await (await send('GET', '/notes', ada)).json()).toEqual({ notes: ['buy milk'] })
  expect(await (await send('GET', '/notes', bob)).json()).toEqual({ notes: [] })
  expect((await send('GET', '/notes')).status).toBe(401)
  const refused = await send('GET', '/everything', ada)
  expect([refused.status, Object(await refused.json()).detail]).toEqual([403, 'The role `admin` is needed.'])
  expect((await send('POST', '/auth/logout', ada)).status).toBe(204)
  expect((await send('GET', '/notes', ada)).status).toBe(401)
})
