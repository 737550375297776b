import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { trailOf } from './audit-trail.js'
import { Browser } from './browser.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { codeOf, newcomer, PASSWORD, refresh, standingOf, tokensOf } from './people.js'

/** For each number of callers. `npm run test:refresh` asks for 2,000. */
const ROUNDS = Number(process.env['REFRESH_ROUNDS'] ?? 15)
/** Only against a hang: how long a run takes is up to the machine. */
const HANG = 60_000 + ROUNDS * 1_000

describeEachAuth('Refreshing at the same moment', (stage) => {
  it.each([2, 13, 64])('gives %i callers with one token one successor', async (callers) => {
    const auth = await stage.open()
    await race(stage, [auth], callers)
  })

  it.each([2, 13, 64])('gives %i callers one successor over two nodes', async (callers) => {
    await race(stage, [await stage.open(), await stage.open()], callers)
  })

  it.each([2, 13, 64])(
    'never forks a family or signs anybody out, round after round of %i callers over two nodes',
    async (callers) => {
      const nodes = [await stage.open(), await stage.open()]
      const { session, ...first } = await newcomer(nodeOf(nodes, 0))
      let current = { refreshToken: first.refresh_token, accessToken: first.access_token }
      for (let round = 0; round < ROUNDS; round++) {
        for (const { clock } of nodes) clock.advance(20)
        const pairs = await Promise.all(
          Array.from({ length: callers }, (_, caller) => nodeOf(nodes, caller).api.refresh(current)),
        )
        const [next, ...others] = pairs
        expect(new Set(others.map(({ refreshToken }) => refreshToken))).toEqual(new Set([next?.refreshToken]))
        expect(next?.refreshToken).not.toBe(current.refreshToken)
        for (const { accessToken } of [current, ...pairs.slice(0, 1)])
          for (const node of nodes)
            expect(await node.api.verify({ accessToken })).toMatchObject({ sessionId: session.id })
        current = next ?? current
      }
      const db = await stage.db()
      const row = await db.selectFrom('sessions').selectAll().where('id', '=', session.id).executeTakeFirstOrThrow()
      expect(row).toMatchObject({ counter: ROUNDS + 1, revoked_at: null })
      const trail = await trailOf(db, { sessionId: session.id })
      expect(trail.filter((type) => type === 'session.refreshed')).toHaveLength(ROUNDS)
      expect(trail.filter((type) => type === 'refresh.reused' || type === 'session.revoked')).toEqual([])
    },
    HANG,
  )

  it('ends the family on every node where a token that was spent long ago comes to one of them', async () => {
    const nodes = [await stage.open(), await stage.open()]
    const person = await newcomer(nodeOf(nodes, 0))
    const next = await tokensOf(await refresh(nodeOf(nodes, 0), person.refresh_token))
    for (const { clock } of nodes) clock.advance(60_000)
    // Both hold the session in memory.
    for (const node of nodes) expect(await standingOf(node, next.access_token)).toBe('200')
    expect(await codeOf(await refresh(nodeOf(nodes, 1), person.refresh_token))).toBe('token_reused')
    expect(await standingOf(nodeOf(nodes, 1), next.access_token)).toBe('session_revoked')
    expect(await codeOf(await refresh(nodeOf(nodes, 0), next.refresh_token))).toBe('session_revoked')
    await nodeOf(nodes, 0).sync()
    expect(await standingOf(nodeOf(nodes, 0), next.access_token)).toBe('session_revoked')
  })

  it('lets the losers of a race keep their cookies', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const browser = new Browser(auth)
    await browser.send('POST', '/auth/login', { json: { email, password: PASSWORD, transport: 'cookie' } })
    const before = browser.value('refresh_token')

    const answers = await Promise.all(Array.from({ length: 13 }, () => browser.send('POST', '/auth/refresh')))

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(new Set(answers.map((answer) => answer.headers.getSetCookie().join('\n'))).size).toBe(1)
    expect(browser.cookies.size).toBe(3)
    expect(browser.value('refresh_token')).not.toBe(before)
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
  })

  it('ends every family member once where many present a token spent long ago', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const next = await tokensOf(await refresh(auth, person.refresh_token))
    auth.clock.advance(60_000)
    const answers = await Promise.all(Array.from({ length: 13 }, () => refresh(auth, person.refresh_token)))
    expect(answers.every(({ status }) => status === 401)).toBe(true)
    expect(await standingOf(auth, next.access_token)).toBe('session_revoked')
    const trail = await trailOf(await stage.db(), { sessionId: person.session.id })
    expect(trail.filter((type) => type === 'refresh.reused' || type === 'session.revoked')).toHaveLength(2)
  })

  it('lets a refresh and a logout meet without an error, and the logout wins', async () => {
    const auth = await stage.open()
    for (let round = 0; round < 20; round++) {
      const person = await newcomer(auth)
      const [refreshed] = await Promise.allSettled([
        auth.api.refresh({ refreshToken: person.refresh_token }),
        auth.api.logout({ accessToken: person.access_token }),
      ])
      if (refreshed.status === 'fulfilled') {
        expect(await standingOf(auth, refreshed.value.accessToken)).toBe('session_revoked')
      } else expect(refreshed.reason).toMatchObject({ code: 'session_revoked' })
      expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
    }
  })
})

async function race(stage: Stage, nodes: readonly TestAuth[], callers: number): Promise<void> {
  const person = await newcomer(nodeOf(nodes, 0))
  const answers = await Promise.all(
    Array.from({ length: callers }, (_, caller) => refresh(nodeOf(nodes, caller), person.refresh_token)),
  )
  const pairs = await Promise.all(answers.map((answer) => tokensOf(answer)))
  expect(new Set(pairs.map((pair) => pair.access_token)).size).toBe(1)
  expect(new Set(pairs.map((pair) => pair.refresh_token)).size).toBe(1)
  for (const node of nodes) {
    expect(await standingOf(node, pairs[0]?.access_token ?? '')).toBe('200')
    expect(await standingOf(node, person.access_token)).toBe('200')
  }
  const trail = await trailOf(await stage.db(), { sessionId: person.session.id })
  expect(trail).toEqual(['login.succeeded', 'session.created', 'session.refreshed'])
}

function nodeOf(nodes: readonly TestAuth[], caller: number): TestAuth {
  const node = nodes[caller % nodes.length]
  if (node === undefined) throw new Error('There is no node.')
  return node
}
