import { expect, it } from 'vitest'
import { keptClone } from '../../src/client/kept-clone.js'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import type { TestAuth } from '../../src/testing/index.js'
import { eventsOf } from './audit-trail.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, refresh, send, signIn, standingOf, tokensOf } from './people.js'
import { refuseEvents } from './refusing-database.js'

/** A node, and what it has recorded since it was last asked. */
async function recorded(stage: Stage) {
  const logger = new CapturedLogs()
  const auth = await stage.open({ logger })
  const db = await stage.db()
  const events = () => logger.lines.splice(0).flatMap(({ fields }) => ('event' in fields ? [fields['event']] : []))
  const stored = async () => {
    const { count } = await db
      .selectFrom('audit_events')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }
  let before = await stored()
  /** The events of what was done, in their order; there must be as many rows. */
  const since = async () => {
    const told = events()
    const now = await stored()
    expect(now - before).toBe(told.length)
    before = now
    return told
  }
  return { auth, db, since }
}

describeEachAuth('The audit log', (stage) => {
  it('tells of every act exactly what happened, in its order', async () => {
    const { auth, since } = await recorded(stage)
    const person = await newcomer(auth)
    expect(await since()).toEqual(['user.registered', 'role.granted', 'session.created', 'login.succeeded'])

    const other = await signIn(auth, person)
    expect(await since()).toEqual(['session.created', 'login.succeeded'])

    await post(auth, '/auth/login', { email: person.email, password: 'wrong password' })
    await post(auth, '/auth/login', { email: newEmail(), password: PASSWORD })
    expect(await since()).toEqual(['login.failed', 'login.failed'])

    const next = await tokensOf(await refresh(auth, person.refresh_token))
    expect(await since()).toEqual(['session.refreshed'])
    await refresh(auth, person.refresh_token)
    expect(await since()).toEqual([])
    auth.clock.advance(10_000)
    await refresh(auth, person.refresh_token)
    expect(await since()).toEqual(['session.revoked', 'refresh.reused'])
    await refresh(auth, next.refresh_token)
    expect(await since()).toEqual([])

    await send(auth, 'PATCH', '/auth/me', other.access_token, { username: 'Another' })
    expect(await since()).toEqual(['user.updated'])
    await send(auth, 'PATCH', '/auth/me', other.access_token, {})
    expect(await since()).toEqual([])

    const [third, fourth] = [await signIn(auth, person), await signIn(auth, person)]
    await since()
    await send(auth, 'DELETE', `/auth/sessions/${third.session.id}`, other.access_token)
    expect(await since()).toEqual(['session.revoked'])
    await send(auth, 'DELETE', '/auth/sessions?except=current', other.access_token)
    expect(await since()).toEqual(['session.revoked'])
    expect(await standingOf(auth, fourth.access_token)).toBe('session_revoked')

    await auth.api.users.disable(person.user_id)
    expect(await since()).toEqual(['account.disabled', 'session.revoked'])
    await post(auth, '/auth/login', { email: person.email, password: person.password })
    expect(await since()).toEqual(['login.failed'])
    await auth.api.users.enable(person.user_id)
    expect(await since()).toEqual(['account.enabled'])

    const last = await signIn(auth, person)
    await since()
    await auth.api.logout({ accessToken: last.access_token })
    expect(await since()).toEqual(['session.revoked'])
    await auth.api.logout({ accessToken: last.access_token })
    expect(await since()).toEqual([])
  })

  it('tells of nothing that only read, and of nothing that was refused before it began', async () => {
    const { auth, since } = await recorded(stage)
    const person = await newcomer(auth)
    await since()
    await standingOf(auth, person.access_token)
    await standingOf(auth, 'x')
    await auth.request('/auth/me')
    await post(auth, '/auth/register', { email: person.email, password: PASSWORD })
    await post(auth, '/auth/register', { email: newEmail(), password: 'short' })
    await post(auth, '/auth/login', { email: 'x', password: PASSWORD })
    await refresh(auth, 'x')
    expect(await since()).toEqual([])
  })

  it('says who, whom, from where and in which request', async () => {
    const { auth, db } = await recorded(stage)
    const headers = { 'user-agent': 'story/1', 'x-request-id': 'request-one' }
    const email = newEmail()
    const answer = await post(auth, '/auth/register', { email, password: PASSWORD }, headers)
    const { user_id, session } = await tokensOf(answer, 201)
    auth.clock.advance(1)
    await post(auth, '/auth/login', { email, password: 'wrong password' }, { 'x-request-id': 'request-two' })

    const events = await eventsOf(db, { userId: user_id })
    const [login, , , registered, failed] = events
    expect(registered).toMatchObject({
      type: 'user.registered',
      actor_id: user_id,
      session_id: null,
      ip_address: '127.0.0.1',
      user_agent: 'story/1',
      request_id: 'request-one',
      created_at: Date.UTC(2026, 0, 1),
      data: '{}',
    })
    expect(login).toMatchObject({ type: 'login.succeeded', session_id: session.id, data: '{"methods":"password"}' })
    // Who tried is not known; whom it concerns is.
    expect(failed).toMatchObject({
      type: 'login.failed',
      actor_id: null,
      user_id,
      request_id: 'request-two',
      data: '{"reason":"invalid_credentials"}',
    })
  })
})

describeEachAuth(
  'An act whose event cannot be kept',
  (stage) => {
    it('is no registration: neither account nor session nor event is there', async () => {
      const { auth, db, since } = await recorded(stage)
      const allow = await refuseEvents(stage, 'login.succeeded')
      const email = newEmail()
      await expectFailure(await post(auth, '/auth/register', { email, password: PASSWORD }))
      expect(await since()).toEqual([])
      expect(await db.selectFrom('users').select('id').execute()).toEqual([])
      expect(await db.selectFrom('sessions').select('id').execute()).toEqual([])
      await allow()
      await newcomer(auth, { email })
    })

    it('spends no refresh token', async () => {
      const { auth, since } = await recorded(stage)
      const person = await newcomer(auth)
      await since()
      const allow = await refuseEvents(stage, 'session.refreshed')
      await expectFailure(await refresh(auth, person.refresh_token))
      expect(await since()).toEqual([])
      await allow()
      auth.clock.advance(60_000)
      await tokensOf(await refresh(auth, person.refresh_token))
    })

    it('ends no session, at a logout, a revocation or a disabling', async () => {
      const { auth, since } = await recorded(stage)
      const person = await newcomer(auth)
      await since()
      const allow = await refuseEvents(stage, 'session.revoked')
      await expectFailure(await send(auth, 'POST', '/auth/logout', person.access_token))
      await expectFailure(await send(auth, 'DELETE', '/auth/sessions', person.access_token))
      await expect(auth.api.users.disable(person.user_id)).rejects.toThrow()
      expect(await since()).toEqual([])
      await allow()
      expect(await standingOf(auth, person.access_token)).toBe('200')
      expect(await auth.api.users.find(person.user_id)).toMatchObject({ disabledAt: null })
    })

    it('is a refused sign-in all the same', async () => {
      const { auth } = await recorded(stage)
      const { email } = await newcomer(auth)
      await refuseEvents(stage, 'login.failed')
      await expectFailure(await post(auth, '/auth/login', { email, password: 'wrong password' }))
    })
  },
  'test',
)

async function expectFailure(answer: Awaited<ReturnType<TestAuth['request']>>): Promise<void> {
  expect(answer.status).toBeGreaterThanOrEqual(500)
  expect(await keptClone(answer).text()).not.toContain('disk')
  expect(['internal', 'unavailable']).toContain(await codeOf(answer))
}
