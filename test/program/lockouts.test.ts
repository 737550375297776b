import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { createTestAuth } from '../../src/testing/index.js'
import { built, emptyFolder, MASTER_SECRET, run } from './run-program.js'

beforeAll(built, 120_000)

it('lists what is locked, and clears it', async () => {
  const folder = await emptyFolder()
  const url = `sqlite:${join(folder, 'sallyport.db')}`
  const auth = await createTestAuth({ now: Date.now(), config: { secret: MASTER_SECRET, storage: { url } } })
  const { userId } = await auth.api.register({ email: 'anna@example.com', password: 'violet-anchor-7' })
  for (const email of ['anna@example.com', 'nobody@example.com']) {
    for (let guess = 0; guess < 5; guess++) await auth.api.login({ email, password: 'wrong' }).catch(() => undefined)
  }
  await auth.close()
  const env = { DATABASE_URL: url, SALLYPORT_SECRET: MASTER_SECRET }
  const listed = await run(['lockouts', 'list', '--json', '--email', 'ANNA@example.com'], { folder, env })
  expect(listed.json).toMatchObject({
    items: [{ kind: 'identifier', user_id: userId, email: 'anna@example.com', address: null, lockouts: 1 }],
    next_cursor: null,
  })
  const all = await run(['lockouts', 'list'], { folder, env })
  expect(all.stdout.trim().split('\n').toSorted()).toEqual([
    expect.stringMatching(/^identifier {2}anna@example\.com {2}any address {2}until .*Z \(number 1 in a row\)$/),
    expect.stringMatching(/^identifier {2}no account {2}any address {2}until /),
  ])
  const cleared = await run(['lockouts', 'clear', '--json', '--email', 'nobody@example.com'], { folder, env })
  expect(cleared.json).toEqual({ cleared: 1 })
  expect((await run(['lockouts', 'clear', '--all'], { folder, env })).stdout).toBe('Cleared 1 of what was locked.\n')
  expect((await run(['lockouts', 'list'], { folder, env })).stdout).toBe('Nothing is locked.\n')
}, 60_000)
