import { expect, it } from 'vitest'
import { z } from 'zod'
import { eventsOf } from '../flows/audit-trail.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { codeOf, newcomer, PASSWORD, post, refresh, standingOf, tokensOf } from '../flows/people.js'
import { pageTokenTo } from '../flows/sent-tokens.js'

const held = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  user_id: z.string(),
  user: z.looseObject({ email_verified: z.boolean() }),
})

// Pre-hijacking: somebody registers the address of another and waits for its owner (arXiv 2205.10174).
describeEachAuth('Who registered with an address of somebody else', (stage) => {
  it.each(['stateful', 'stateless'] as const)(
    'has nothing left once its owner comes by a magic link, in %s mode',
    async (mode) => {
      const auth = { magicLink: true, mode }
      const [here, there] = [
        await openNodeOfTest({ url: stage.url(), auth }),
        await openNodeOfTest({ url: stage.url(), auth }),
      ]
      const email = `victim-${mode}@example.com`
      const registered = await post(here, '/auth/register', { email, password: PASSWORD })
      const attacker = held.parse(await registered.json())
      await post(here, '/auth/magic-link', { email })
      const early = await pageTokenTo('magic-link', email, here, there)
      await post(here, '/auth/magic-link', { email })
      expect(await standingOf(there, attacker.access_token)).toBe('200')

      const owner = await post(there, '/auth/magic-link/verify', {
        token: await pageTokenTo('magic-link', email, here, there),
      })

      expect(owner.status).toBe(200)
      const { access_token, user } = held.parse(await owner.json())
      expect(user.email_verified).toBe(true)
      await here.sync()
      for (const node of [here, there]) {
        expect(await standingOf(node, attacker.access_token)).toBe('session_revoked')
        expect(await standingOf(node, access_token)).toBe('200')
      }
      expect(await codeOf(await refresh(here, attacker.refresh_token))).toBe('session_revoked')
      expect(await codeOf(await post(here, '/auth/login', { email, password: PASSWORD }))).toBe('invalid_credentials')
      expect(await codeOf(await post(here, '/auth/magic-link/verify', { token: early }))).toBe('invalid_token')
      const db = await stage.db()
      const events = await eventsOf(db, { userId: attacker.user_id })
      const verified = events.find(({ type }) => type === 'email.verified')
      expect(JSON.parse(String(verified?.data))).toEqual({ by: 'magic_link', claimed: true, sessions_ended: 1 })
    },
  )

  it('takes nothing from an owner who had proved the address: password and sessions stay', async () => {
    const node = await openNodeOfTest({ url: stage.url(), auth: { magicLink: true } })
    const person = await newcomer(node)
    await node.storage.db.updateTable('users').set({ email_verified: 1 }).where('id', '=', person.user_id).execute()
    await post(node, '/auth/magic-link', { email: person.email })
    await tokensOf(
      await post(node, '/auth/magic-link/verify', { token: await pageTokenTo('magic-link', person.email, node) }),
    )
    expect(await standingOf(node, person.access_token)).toBe('200')
    await tokensOf(await post(node, '/auth/login', { email: person.email, password: PASSWORD }))
  })
})
