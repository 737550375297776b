import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth, type Stage } from '../flows/each-auth.js'
import { openNodeOfTest } from '../flows/nodes.js'
import { bearer, codeOf, newcomer, newEmail, PASSWORD, post, refresh, standingOf, tokensOf } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { craft, partsOf } from './forged-token.js'

/** A developer's database, with somebody that bypass signed in and somebody who gave a password. */
async function develop(stage: Stage) {
  const auth = await stage.open({ config: { auth: { mode: 'bypass' } } })
  const email = newEmail()
  const made = await tokensOf(await post(auth, '/auth/login-bypass', { email }))
  const real = await newcomer(auth)
  const asReal = await tokensOf(await post(auth, '/auth/login-bypass', { email: real.email }))
  expect(await standingOf(auth, asReal.access_token)).toBe('200')
  return { made, real, asReal }
}

const open = (stage: Stage, mode: 'stateful' | 'stateless'): Promise<TestAuth> =>
  stage.open({ config: { auth: { mode } } })

describeEachAuth('A database that was used in bypass mode', (stage) => {
  it.each(['stateful', 'stateless'] as const)('signs nobody in by what bypass opened, in %s mode', async (mode) => {
    const { made, real, asReal } = await develop(stage)
    const auth = await open(stage, mode)
    for (const { access_token, refresh_token, session } of [made, asReal]) {
      expect(await standingOf(auth, access_token)).toBe('invalid_token')
      const cookie = { cookie: `session_id=${access_token}` }
      expect((await auth.request('/auth/me', { headers: cookie })).status).toBe(401)
      expect((await auth.request('/auth/verify', { headers: bearer(access_token) })).status).toBe(401)
      expect(await auth.authenticate(new Headers(bearer(access_token)))).toBeNull()
      expect(await codeOf(await refresh(auth, refresh_token))).toBe('invalid_token')
      await expect(auth.api.verify({ accessToken: access_token })).rejects.toMatchObject({ code: 'invalid_token' })
      expect((await auth.api.users.sessions(real.user_id)).map(({ id }) => id)).not.toContain(session.id)
    }
    // And what was opened by a password in that very database is honoured.
    expect(await standingOf(auth, real.access_token)).toBe('200')
    expect((await refresh(auth, real.refresh_token)).status).toBe(200)
  })

  it('has accounts without a password, to which none signs in', async () => {
    const { made, real } = await develop(stage)
    const auth = await open(stage, 'stateful')
    for (const password of [PASSWORD, 'null', 'undefined', ' '.repeat(8)]) {
      const answer = await post(auth, '/auth/login', { email: made.user.email, password })
      expect(await codeOf(answer)).toBe('invalid_credentials')
    }
    expect((await post(auth, '/auth/login', { email: real.email, password: PASSWORD })).status).toBe(200)
    expect(await auth.api.users.findByEmail({ email: made.user.email })).toMatchObject({ emailVerified: false })
  })

  it('honours them again in bypass mode, unless their owner has ended them', async () => {
    const { made, real, asReal } = await develop(stage)
    const auth = await open(stage, 'stateful')
    expect(await auth.api.users.endSessions(real.user_id)).toBe(2)
    const developing = await stage.open({ config: { auth: { mode: 'bypass' } } })
    expect(await standingOf(developing, made.access_token)).toBe('200')
    expect(await standingOf(developing, asReal.access_token)).toBe('session_revoked')
  })
})

it('A JWT that says it came from bypass is none, though the right key signed it', async () => {
  const node = await openNodeOfTest({ auth: { mode: 'stateless' } })
  const { access_token } = await jwtNewcomer(node)
  const { header, claims } = partsOf(access_token)
  const key = await node.keyring.signingKey()
  const saying = (auth_methods: readonly string[]) => craft(key, header, { ...claims, auth_methods })
  expect(await standingOf(node, saying(['bypass']))).toBe('invalid_token')
  expect(await standingOf(node, saying(['password', 'bypass']))).toBe('invalid_token')
  expect(await standingOf(node, saying(['password', 'totp']))).toBe('200')
})
