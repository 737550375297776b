import { expect, it } from 'vitest'
import { eventsOf } from './audit-trail.js'
import { Browser } from './browser.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, standingOf, tokensOf } from './people.js'
import { linksTo, pageTokenTo } from './sent-tokens.js'

const MINUTE = 60_000

function open(stage: Stage, auth: NodeOptions['auth'] = {}): Promise<BareNode> {
  return openNodeOfTest({ url: stage.url(), auth: { magicLink: true, ...auth } })
}

async function ask(node: BareNode, email: string, fields: Record<string, unknown> = {}): Promise<void> {
  const answer = await post(node, '/auth/magic-link', { email, ...fields })
  expect(answer.status).toBe(202)
  expect(await answer.json()).toEqual({ status: 'accepted' })
}

const verify = (node: BareNode, token: unknown, fields: Record<string, unknown> = {}) =>
  post(node, '/auth/magic-link/verify', { token, ...fields })

/** Somebody with a proved address. */
async function proven(node: BareNode) {
  const person = await newcomer(node)
  await node.storage.db.updateTable('users').set({ email_verified: 1 }).where('id', '=', person.user_id).execute()
  return person
}

describeEachAuth('A magic link', (stage) => {
  it('signs in who has read the mail, once', async () => {
    const node = await open(stage)
    const person = await proven(node)
    await ask(node, ` ${person.email.toUpperCase()} `)
    const token = await pageTokenTo('magic-link', person.email, node)
    const [{ link } = { link: null }] = await linksTo('magic-link', person.email, node)
    expect(link).toBe(`http://127.0.0.1:3000/auth/pages/magic-link#token=${token}`)

    const answer = await tokensOf(await verify(node, token))

    expect(answer.user_id).toBe(person.user_id)
    expect(await standingOf(node, answer.access_token)).toBe('200')
    const me = await node.request('/auth/me', { headers: { authorization: `Bearer ${answer.access_token}` } })
    expect(await me.json()).toMatchObject({ auth_methods: ['magic_link'], email_verified: true })
    expect(await codeOf(await verify(node, token))).toBe('invalid_token')
    // The account was its owner's before: nothing of it ends.
    expect(await standingOf(node, person.access_token)).toBe('200')
    await tokensOf(await post(node, '/auth/login', { email: person.email, password: PASSWORD }))
    const events = await eventsOf(node.storage.db, { userId: person.user_id })
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['magic_link.requested', 'login.succeeded']))
  })

  it('signs in one of 32 who bring it at the same moment to two nodes', async () => {
    const nodes = [await open(stage), await open(stage)] as const
    const { email, user_id } = await proven(nodes[0])
    await ask(nodes[0], email)
    const token = await pageTokenTo('magic-link', email, ...nodes)
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, caller) => verify(nodes[caller % 2 === 0 ? 0 : 1], token)),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 31 }, () => 401)])
    const { db } = nodes[0].storage
    const sessions = await db.selectFrom('sessions').select('id').where('user_id', '=', user_id).execute()
    expect(sessions).toHaveLength(2)
  })

  it('is good for 15 minutes', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    await ask(node, email)
    const first = await pageTokenTo('magic-link', email, node)
    node.clock.advance(15 * MINUTE - 1)
    await ask(node, email)
    const second = await pageTokenTo('magic-link', email, node)
    node.clock.advance(1)
    expect(await codeOf(await verify(node, first))).toBe('token_expired')
    await tokensOf(await verify(node, second))
  })

  it('is not used up by programs that look at links', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const path of ['/auth/magic-link/verify', '/auth/magic-link']) {
        const answer = await node.request(`${path}?token=${token}`, { method })
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    }
    await tokensOf(await verify(node, token))
  })

  it('is not there unless it is switched on', async () => {
    const node = await stage.open()
    for (const path of ['/auth/magic-link', '/auth/magic-link/verify', '/api/auth/magic-link'])
      expect(await codeOf(await post(node, path, { email: newEmail(), token: 'spt_x' }))).toBe('not_found')
    expect(node.api.magicLink).toBeNull()
  })

  it('remembers as it was asked for, unless the end says otherwise', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    const remembered = async (asked: object, said: object) => {
      await ask(node, email, { ...asked })
      const { session } = await tokensOf(await verify(node, await pageTokenTo('magic-link', email, node), { ...said }))
      const row = await node.storage.db
        .selectFrom('sessions')
        .select('remember')
        .where('id', '=', session.id)
        .executeTakeFirstOrThrow()
      return row.remember
    }
    expect(await remembered({}, {})).toBe(1)
    expect(await remembered({ remember: false }, {})).toBe(0)
    expect(await remembered({ remember: false }, { remember: true })).toBe(1)
  })

  it('is not for another tenant than it was made in', async () => {
    const node = await open(stage)
    const { email, user } = await proven(node)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    const nowhere = '019b0000-0000-7000-8000-00000000ffff'
    expect(await codeOf(await verify(node, token, { tenant_id: nowhere }))).toBe('invalid_token')
    await tokensOf(await verify(node, token, { tenant_id: user.tenant_id }))
  })

  it('is a call of the library, bound by what the host keeps with its browser', async () => {
    const node = await open(stage)
    const { email, user_id: userId } = await proven(node)
    await node.api.magicLink?.request({ email, binding: 'a secret of the host' })
    const token = await pageTokenTo('magic-link', email, node)
    await expect(node.api.magicLink?.verify({ token })).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(node.api.magicLink?.verify({ token, binding: 'x' })).rejects.toMatchObject({ code: 'invalid_token' })
    expect(await node.api.magicLink?.verify({ token, binding: 'a secret of the host' })).toMatchObject({ userId })
  })
})

// ASVS 6.3.8
describeEachAuth('Who asks for a magic link', (stage) => {
  it('is told the same for every address, and as much is written', async () => {
    const node = await open(stage)
    const [known, disabled, locked] = [await proven(node), await newcomer(node), await newcomer(node)]
    await node.api.users.disable(disabled.user_id)
    for (let guess = 0; guess < 5; guess++)
      await post(node, '/auth/login', { email: locked.email, password: 'wrong password' })
    const unknown = newEmail()
    const nowhere = { tenant_id: '019b0000-0000-7000-8000-00000000ffff' }
    const asked = [
      { email: known.email, sent: true },
      { email: locked.email, sent: true },
      { email: disabled.email, sent: false },
      { email: unknown, sent: false },
      { email: newEmail(), sent: false, fields: nowhere },
    ]
    const counts = async () => {
      const { db } = node.storage
      const tables = ['one_time_tokens', 'audit_events', 'users'] as const
      const found: number[] = []
      for (const table of tables) {
        const row = await db
          .selectFrom(table)
          .select((eb) => eb.fn.countAll<number>().as('rows'))
          .executeTakeFirst()
        found.push(Number(row?.rows))
      }
      return found
    }
    for (const { email, sent, fields } of asked) {
      const before = await counts()
      await ask(node, email, fields)
      const after = await counts()
      expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 0])
      expect(await linksTo('magic-link', email, node)).toHaveLength(sent ? 1 : 0)
    }
  })

  it('gets the mail where guesses have locked the account, and comes in with it when the lockout ends', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    for (let guess = 0; guess < 5; guess++) await post(node, '/auth/login', { email, password: 'wrong password' })
    node.clock.advance(10 * MINUTE)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    const refused = await verify(node, token)
    expect([refused.status, await codeOf(refused)]).toEqual([423, 'account_locked'])
    node.clock.advance(6 * MINUTE)
    await tokensOf(await verify(node, token))
  })

  it('does not end the link of somebody else’s asking', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    await ask(node, email)
    await tokensOf(await verify(node, token))
  })

  it('is held to the limit of sessions, and can use the link later', async () => {
    const node = await open(stage, { session: { maxSessionsPerUser: 1, onLimit: 'reject' } })
    const { email, access_token } = await proven(node)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    expect(await codeOf(await verify(node, token))).toBe('session_limit_reached')
    await node.api.logout({ accessToken: access_token })
    await tokensOf(await verify(node, token))
  })

  it('has nothing of it after the account was disabled', async () => {
    const node = await open(stage)
    const { email, user_id } = await proven(node)
    await ask(node, email)
    const token = await pageTokenTo('magic-link', email, node)
    await node.api.users.disable(user_id)
    expect(await codeOf(await verify(node, token))).toBe('invalid_token')
    await node.api.users.enable(user_id)
    expect(await codeOf(await verify(node, token))).toBe('invalid_token')
  })
})

describeEachAuth('A magic link that a browser asked for', (stage) => {
  it('signs in there', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    const browser = new Browser(node)
    await browser.send('POST', '/auth/magic-link', { json: { email } })
    const token = await pageTokenTo('magic-link', email, node)
    const cookie = [...browser.cookies.values()][0]
    expect(cookie).toMatchObject({ name: 'magic_link', path: '/' })
    expect(cookie?.attributes).toEqual(['httponly', 'max-age=3600', 'samesite=lax', 'secure'])
    const answer = await browser.send('POST', '/auth/magic-link/verify', { json: { token, transport: 'cookie' } })
    expect(answer.status).toBe(200)
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)
  })

  it('also the first of two', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    const browser = new Browser(node)
    await browser.send('POST', '/auth/magic-link', { json: { email } })
    const first = await pageTokenTo('magic-link', email, node)
    await browser.send('POST', '/auth/magic-link', { json: { email } })
    expect((await browser.send('POST', '/auth/magic-link/verify', { json: { token: first } })).status).toBe(200)
  })

  it.each(['a header', 'transport: cookie'])(
    'signs in nowhere else, told by %s, and is not used up by trying',
    async (by) => {
      const node = await open(stage)
      const { email, user_id } = await proven(node)
      const [own, other] = [new Browser(node), new Browser(node)]
      const json = by === 'a header' ? { email } : { email, transport: 'cookie' }
      if (by === 'a header') await own.send('POST', '/auth/magic-link', { json })
      else {
        const answer = await post(node, '/auth/magic-link', json)
        own.cookies.set('x', { name: 'magic_link', value: bindingOf(answer), path: '/', attributes: [] })
      }
      const token = await pageTokenTo('magic-link', email, node)
      await other.send('POST', '/auth/magic-link', { json: { email: newEmail() } })

      expect(await codeOf(await other.send('POST', '/auth/magic-link/verify', { json: { token } }))).toBe(
        'invalid_token',
      )
      expect(await codeOf(await verify(node, token))).toBe('invalid_token')

      expect((await own.send('POST', '/auth/magic-link/verify', { json: { token } })).status).toBe(200)
      const failed = (await eventsOf(node.storage.db, { userId: user_id })).filter(
        ({ type }) => type === 'login.failed',
      )
      expect(failed.map(({ data }) => JSON.parse(String(data)))).toEqual(
        failed.map(() => ({ reason: 'other_browser' })),
      )
      expect(failed).toHaveLength(2)
    },
  )

  it('is not asked for by a program in its place: who sends others a link of their own signs nobody in', async () => {
    const node = await open(stage)
    const attacker = await proven(node)
    await ask(node, attacker.email)
    const token = await pageTokenTo('magic-link', attacker.email, node)
    const victim = new Browser(node)
    const answer = await victim.send('POST', '/auth/magic-link/verify', { json: { token, transport: 'cookie' } })
    expect(await codeOf(answer)).toBe('invalid_token')
    expect(victim.cookies.size).toBe(0)
    await tokensOf(await verify(node, token))
  })

  it('is refused from another site', async () => {
    const node = await open(stage)
    const { email } = await proven(node)
    const headers = { origin: 'https://evil.example' }
    for (const path of ['/auth/magic-link', '/auth/magic-link/verify'])
      expect(await codeOf(await post(node, path, { email, token: 'spt_x' }, headers))).toBe('csrf_rejected')
    expect(await linksTo('magic-link', email, node)).toEqual([])
  })
})

function bindingOf(answer: Response): string {
  return /^magic_link=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? '')?.[1] ?? ''
}
