import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth, type Stage } from '../flows/each-auth.js'
import { type BareNode, openNodeOfTest } from '../flows/nodes.js'
import {
  codeOf,
  newcomer,
  newEmail,
  type Person,
  post,
  refresh,
  send,
  signIn,
  standingOf,
  tokensOf,
} from '../flows/people.js'
import { tokenTo } from '../flows/sent-tokens.js'

const OWNERS_PASSWORD = 'violet-anchor-7-lantern'

/** The ways in which the owner of an address comes to the account that somebody else made with it. */
const WAYS = [
  {
    way: 'a magic link',
    async claim(auth: TestAuth, email: string) {
      await post(auth, '/auth/magic-link', { email })
      await tokensOf(await post(auth, '/auth/magic-link/verify', { token: await tokenTo(email, auth) }))
    },
  },
  {
    way: 'a reset',
    async claim(auth: TestAuth, email: string) {
      await post(auth, '/auth/password/forgot', { email })
      const reset = { token: await tokenTo(email, auth), new_password: OWNERS_PASSWORD }
      expect((await post(auth, '/auth/password/reset', reset)).status).toBe(204)
      await signIn(auth, { email, password: OWNERS_PASSWORD })
    },
  },
] as const

const open = (stage: Stage): Promise<BareNode> => openNodeOfTest({ url: stage.url(), auth: { magicLink: true } })

// Somebody registers with the address of another, leaves something behind, and waits (arXiv 2205.10174).
describeEachAuth('Who registered with an address that was not theirs', (stage) => {
  it.each(WAYS)('keeps neither password nor session, once its owner came by $way', async ({ claim }) => {
    const auth = await open(stage)
    const attacker = await newcomer(auth)
    const second = await signIn(auth, attacker)
    await send(auth, 'POST', '/auth/reauthenticate', attacker.access_token, { password: attacker.password })
    await claim(auth, attacker.email)

    for (const { access_token, refresh_token } of [attacker, second]) {
      expect(await standingOf(auth, access_token)).toBe('session_revoked')
      expect(await codeOf(await refresh(auth, refresh_token))).toBe('session_revoked')
    }
    expect(await codeOf(await post(auth, '/auth/login', attacker))).toBe('invalid_credentials')
    const again = await send(auth, 'POST', '/auth/reauthenticate', attacker.access_token, {
      password: attacker.password,
    })
    expect(again.status).toBe(401)
  })

  it.each(WAYS)('has no change of the address left to confirm, once its owner came by $way', async ({ claim }) => {
    const auth = await open(stage)
    const attacker = await newcomer(auth)
    const trojan = newEmail()
    await send(auth, 'POST', '/auth/email/change', attacker.access_token, { new_email: trojan })
    const token = await tokenTo(trojan, auth)
    await claim(auth, attacker.email)
    expect(await codeOf(await post(auth, '/auth/email/verify', { token }))).toBe('invalid_token')
    expect((await auth.api.users.find(attacker.user_id))?.email).toBe(attacker.email)
  })

  it('has no change of the address left either, where the owner confirmed the address', async () => {
    const auth = await open(stage)
    const attacker = await newcomer(auth)
    const proof = await tokenTo(attacker.email, auth)
    const trojan = newEmail()
    await send(auth, 'POST', '/auth/email/change', attacker.access_token, { new_email: trojan })
    const token = await tokenTo(trojan, auth)
    expect((await post(auth, '/auth/email/verify', { token: proof })).status).toBe(204)
    expect(await codeOf(await post(auth, '/auth/email/verify', { token }))).toBe('invalid_token')
  })

  it.each(WAYS)('is not known by the browser any more, once its owner came by $way', async ({ claim }) => {
    const auth = await open(stage)
    const attacker = await newcomer(auth)
    await claim(auth, attacker.email)
    const db = await stage.db()
    const devices = db.selectFrom('known_devices').select('first_seen_at').where('user_id', '=', attacker.user_id)
    // That of the owner alone.
    expect(await devices.execute()).toHaveLength(1)
  })

  it.each(WAYS)(
    'loses nothing where it was theirs, and proved: $way leaves the sessions of others alone',
    async ({ claim }) => {
      const auth = await open(stage)
      const [owner, other] = [await newcomer(auth), await newcomer(auth)]
      await post(auth, '/auth/email/verify', { token: await tokenTo(owner.email, auth) })
      await claim(auth, owner.email)
      expect(await standingOf(auth, other.access_token)).toBe('200')
      expect((await signIn(auth, other)).user.email_verified).toBe(false)
    },
  )

  it('wins nothing by a link that the owner of an address takes for their own: it neither merges nor signs in', async () => {
    const auth = await open(stage)
    const [attacker, owner] = [await newcomer(auth), await newcomer(auth)]
    const free = newEmail()
    await send(auth, 'POST', '/auth/email/change', attacker.access_token, { new_email: free })
    const bait = await tokenTo(free, auth)
    // Before it is used, the owner of the address makes an account of their own.
    const mine: Person = await newcomer(auth, { email: free, password: OWNERS_PASSWORD })
    await post(auth, '/auth/email/verify', { token: await tokenTo(free, auth) })
    const tricked = await post(auth, '/auth/email/verify', { token: bait })
    expect([tricked.status, tricked.headers.getSetCookie()]).toEqual([409, []])
    expect(await codeOf(tricked)).toBe('email_taken')
    expect((await auth.api.users.find(attacker.user_id))?.email).toBe(attacker.email)
    expect((await signIn(auth, { email: free, password: OWNERS_PASSWORD })).user_id).toBe(mine.user_id)
    expect((await signIn(auth, owner)).user_id).toBe(owner.user_id)
  })

  it('wins no session by the proof of an address, with or without a browser', async () => {
    const auth = await open(stage)
    const { email } = await newcomer(auth)
    const answer = await post(auth, '/auth/email/verify', { token: await tokenTo(email, auth), transport: 'cookie' })
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([204, [], ''])
  })

  it('cannot have the proof opened by a program that follows links, nor by a request for the page', async () => {
    const auth = await open(stage)
    const { email, user_id } = await newcomer(auth)
    const token = await tokenTo(email, auth)
    for (const method of ['GET', 'HEAD']) {
      expect((await auth.request(`/auth/pages/verify-email#token=${token}`, { method })).status).toBe(200)
      expect((await auth.request(`/auth/email/verify?token=${token}`, { method })).status).toBe(405)
    }
    expect((await auth.api.users.find(user_id))?.emailVerified).toBe(false)
    expect((await post(auth, '/auth/email/verify', { token })).status).toBe(204)
  })

  it('cannot name another account beside the token, nor what the proof is for', async () => {
    const auth = await open(stage)
    const [person, other] = [await newcomer(auth), await newcomer(auth)]
    const body = { token: await tokenTo(person.email, auth), user_id: other.user_id, email: other.email }
    expect((await post(auth, '/auth/email/verify', body)).status).toBe(204)
    expect((await auth.api.users.find(other.user_id))?.emailVerified).toBe(false)
    for (const wrong of [['spt_x'], { $ne: '' }, '', null, '*', true]) {
      expect([400, 401]).toContain((await post(auth, '/auth/email/verify', { token: wrong })).status)
    }
    const undo = await post(auth, '/auth/email/change/undo', { token: await tokenTo(other.email, auth) })
    expect(await codeOf(undo)).toBe('invalid_token')
    expect((await post(auth, '/auth/email/verify', { token: await tokenTo(other.email, auth) })).status).toBe(204)
  })
})
