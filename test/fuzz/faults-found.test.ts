import { expect, it } from 'vitest'
import { createTestAuth } from '../../src/testing/index.js'
import { fuzz } from './run.js'

const SEED = 20260101

it.each<[string, (answer: Response) => Response, RegExp]>([
  ['fails', (answer) => (answer.status === 404 ? altered(answer, '{}', 500) : answer), /it failed/],
  ['lets everybody in', (answer) => (answer.status === 401 ? altered(answer, '{}', 200) : answer), /it was let in/],
  ['tells a token', (answer) => altered(answer, `"sps_${'A'.repeat(100)}"`), /it tells a secret/],
  ['answers what it does not describe', (answer) => altered(answer, null, 299), /not described/],
  ['forgets its headers', (answer) => new Response(answer.body, { status: answer.status }), /it has no x-content-type/],
])('a server that %s is found', async (_what, spoil, expected) => {
  const auth = await createTestAuth()
  try {
    const { violations } = await fuzz(auth, { requests: 200, seed: SEED, spoil })
    expect(violations.join('\n')).toMatch(expected)
  } finally {
    await auth.close()
  }
})

function altered({ headers, status }: Response, body: string | null, other = status): Response {
  const isBodiless = other === 204 || other === 304
  return new Response(isBodiless ? null : body, { status: other, headers })
}
