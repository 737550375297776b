import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXAMPLE_STARTS, type RunningExample, runExample } from './run-example.js'

describe.each(['express', 'fastify'])('the example for %s', (name) => {
  let example: RunningExample
  beforeAll(async () => {
    example = await runExample(name)
  }, EXAMPLE_STARTS)
  afterAll(async () => expect(await example?.stop()).toBe(0))

  it('keeps the notes of whoever is signed in, and shows them to nobody else', async () => {
    const send = (method: string, path: string, token: string | null, json?: object) =>
      fetch(example.url + path, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      })
    const signUp = async (email: string): Promise<string> => {
      const answer = await send('POST', '/auth/register', null, { email, password: 'violet-anchor-7-lantern' })
      expect(answer.status).toBe(201)
      return Object(await answer.json()).access_token
    }
    const [ada, bob] = [await signUp('ada@example.com'), await signUp('bob@example.com')]
    expect((await send('POST', '/notes', ada, { text: 'buy milk' })).status).toBe(201)
    expect((await send('POST', '/notes', ada, { text: '' })).status).toBe(400)
    expect(await (await send('GET', '/notes', ada)).json()).toEqual({ notes: ['buy milk'] })
    expect(await (await send('GET', '/notes', bob)).json()).toEqual({ notes: [] })
    expect(await (await send('GET', '/', ada)).json()).toEqual({ hello: 'ada' })
    expect(await (await send('GET', '/', null)).json()).toEqual({ hello: 'stranger' })
    expect((await send('GET', '/notes', null)).status).toBe(401)
    expect((await send('GET', '/everything', ada)).status).toBe(403)
    expect((await send('POST', '/auth/logout', ada)).status).toBe(204)
    expect((await send('GET', '/notes', ada)).status).toBe(401)
  })
})
