import { expect, it } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, send, signIn } from '../flows/people.js'
import { tokenTo } from '../flows/sent-tokens.js'

// ASVS 6.3.8
describeEachAuth('Who is signed in and names the address of a stranger', (stage) => {
  it('does not learn from an earlier wish of their own whether it has an account', async () => {
    const auth = await stage.open()
    const stranger = await newcomer(auth)
    const outcomes = []
    for (const probed of [stranger.email, newEmail()]) {
      const { access_token, email } = await newcomer(auth)
      expect((await post(auth, '/auth/email/verify', { token: await tokenTo(email, auth) })).status).toBe(204)
      const own = newEmail()
      await send(auth, 'POST', '/auth/email/change', access_token, { new_email: own })
      const wish = await tokenTo(own, auth)
      await send(auth, 'POST', '/auth/email/change', access_token, { new_email: probed })
      outcomes.push(await codeOf(await post(auth, '/auth/email/verify', { token: wish })))
    }
    expect(outcomes).toEqual(['invalid_token', 'invalid_token'])
  })

  it('does not learn it as a guest', async () => {
    const auth = await stage.open({ config: { auth: { emailVerification: 'required' } } })
    const taken = newEmail()
    await post(auth, '/auth/register', { email: taken, password: PASSWORD })
    const outcomes = []
    for (const probed of [taken, newEmail()]) {
      const guest = await auth.api.guests.create()
      const upgrade = (email: string) =>
        send(auth, 'POST', '/session/upgrade', guest.token, { email, password: PASSWORD })
      const own = newEmail()
      expect((await upgrade(own)).status).toBe(202)
      const wish = await tokenTo(own, auth)
      await upgrade(probed)
      outcomes.push(await codeOf(await post(auth, '/auth/email/verify', { token: wish })))
    }
    expect(outcomes).toEqual(['invalid_token', 'invalid_token'])
  })

  // ASVS 2.4.1
  it('cannot flood it by changing the password of an account with that address', async () => {
    const auth = await stage.open({ config: { limits: { enabled: true, mailTarget: { requests: 3 } } } })
    const { email, access_token } = await newcomer(auth)
    let password = PASSWORD
    for (const word of ['bravo', 'delta', 'gamma', 'omega', 'sigma']) {
      const next = `${word} heron lattice`
      const change = { current_password: password, new_password: next }
      expect((await send(auth, 'POST', '/auth/password/change', access_token, change)).status).toBe(204)
      password = next
    }
    expect((await auth.mail.sent()).filter(({ to }) => to === email)).toHaveLength(3)
    // Who has proved the address is told of every one.
    const owner = await newcomer(auth)
    await post(auth, '/auth/email/verify', { token: await tokenTo(owner.email, auth) })
    password = PASSWORD
    for (const word of ['bravo', 'delta', 'gamma', 'omega', 'sigma']) {
      const next = `${word} heron lattice`
      await send(auth, 'POST', '/auth/password/change', owner.access_token, {
        current_password: password,
        new_password: next,
      })
      password = next
    }
    expect((await auth.mail.sent()).filter(({ to }) => to === owner.email)).toHaveLength(6)
    await signIn(auth, { email: owner.email, password })
  })
})

describeEachAuth('Who asks for mail in a tenant', (stage) => {
  it('does not learn from the work whether there is such a tenant', async () => {
    const auth = await stage.open()
    const db = await stage.db()
    const written = async (tenant: string) => {
      const email = newEmail()
      const before = await db.selectFrom('audit_events').select('id').execute()
      const answers = []
      for (const path of ['/auth/email/verify/resend', '/auth/password/forgot']) {
        answers.push((await post(auth, path, { email, tenant_id: tenant })).status)
      }
      const tokens = await db.selectFrom('one_time_tokens').select('purpose').where('email', '=', email).execute()
      const after = await db.selectFrom('audit_events').select('id').execute()
      return { answers, tokens: tokens.map(({ purpose }) => purpose).sort(), events: after.length - before.length }
    }
    const { tenant_id } = (await newcomer(auth)).user
    const known = await written(tenant_id)
    expect(known).toMatchObject({ answers: [202, 202], tokens: ['email_verification', 'password_reset'] })
    expect(await written('019b0000-0000-7000-8000-00000000ffff')).toEqual(known)
  })
})
