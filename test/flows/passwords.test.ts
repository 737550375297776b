import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, signIn, tokensOf } from './people.js'

/** The cheapest that the schema takes. */
const BCRYPT = { auth: { password: { algorithm: 'bcrypt', bcryptCost: 4 } } } as const

// ASVS 6.2.1, 6.2.8, 6.2.9
describeEachAuth('Passwords', (stage) => {
  it('are kept as argon2id, in the parameters that are configured', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    expect(await hashOf(stage, email)).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  })

  it('are kept as bcrypt where that is configured', async () => {
    const auth = await stage.open({ config: BCRYPT })
    const person = await newcomer(auth)
    expect(await hashOf(stage, person.email)).toMatch(/^\$2[aby]\$04\$/)
    await signIn(auth, person)
    expect(await attempt(auth, person.email, `${PASSWORD}!`)).toBe('invalid_credentials')
  })

  it('are hashed with a salt of their own', async () => {
    const auth = await stage.open()
    const [one, other] = [await newcomer(auth), await newcomer(auth)]
    expect(await hashOf(stage, one.email)).not.toBe(await hashOf(stage, other.email))
  })

  it.each([
    ['argon2id by other parameters', { auth: { password: { argon2id: { iterations: 2 } } } }, /t=2/],
    ['argon2id by another salt length', { auth: { password: { argon2id: { saltLength: 20 } } } }, /p=1\$[^$]{27}\$/],
    ['bcrypt', BCRYPT, /^\$2[aby]\$04\$/],
  ])('renew at sign-in what another configuration hashed: now %s', async (_name, config, pattern) => {
    const before = await stage.open()
    const person = await newcomer(before)
    const after = await stage.open({ config })

    expect(await attempt(after, person.email, 'wrong password')).toBe('invalid_credentials')
    expect(await hashOf(stage, person.email)).not.toMatch(pattern)
    await signIn(after, person)
    const renewed = await hashOf(stage, person.email)
    expect(renewed).toMatch(pattern)
    await signIn(after, person)
    expect(await hashOf(stage, person.email)).toBe(renewed)
    // And back: whichever configuration comes, the password stays good. No session is ended by it.
    await signIn(before, person)
    expect(await hashOf(stage, person.email)).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1/)
    await before.api.verify({ accessToken: person.access_token })
  })

  it('verify hashes that others made with bcrypt', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    // "abc" by the reference implementation, in two of its spellings.
    for (const prefix of ['$2a$', '$2y$']) {
      const hash = `${prefix}06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i`
      await (await stage.db()).updateTable('users').set({ password_hash: hash }).where('email', '=', email).execute()
      expect(await attempt(auth, email, 'abd')).toBe('invalid_credentials')
      await signIn(auth, { email, password: 'abc' })
      expect(await hashOf(stage, email)).toMatch(/^\$argon2id\$/)
    }
  })

  it('never let a hash that is damaged be an open door', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth)
    const db = await stage.db()
    for (const hash of [null, '', 'x', '$2b$04$', '$argon2id$v=19$m=64,t=1,p=1$AAAA', PASSWORD]) {
      await db.updateTable('users').set({ password_hash: hash }).where('email', '=', email).execute()
      expect(['invalid_credentials', 'internal']).toContain(await attempt(auth, email, PASSWORD))
      expect(await attempt(auth, email, 'x')).not.toBe('200')
    }
  })

  it('of more than 72 bytes are refused with bcrypt, which would cut them', async () => {
    const auth = await stage.open({ config: BCRYPT })
    expect(await register(auth, 'x'.repeat(73))).toBe('weak_password')
    expect(await register(auth, 'é'.repeat(37))).toBe('weak_password')
    const longest = `${PASSWORD}!${'é'.repeat(25)}`
    expect(Buffer.byteLength(longest)).toBe(72)
    const { email } = await newcomer(auth, { password: longest })
    expect(await attempt(auth, email, `${longest}x`)).toBe('invalid_credentials')
    await signIn(auth, { email, password: longest })
  })

  it('of more than 72 bytes from before bcrypt stay good, and keep their form', async () => {
    const password = `${PASSWORD} ${'long '.repeat(20)}`
    const person = await newcomer(await stage.open(), { password })
    const auth = await stage.open({ config: BCRYPT })
    await signIn(auth, { email: person.email, password })
    expect(await hashOf(stage, person.email)).toMatch(/^\$argon2id\$/)
    expect(await attempt(auth, person.email, password.slice(0, 72))).toBe('invalid_credentials')
  })

  it('are the same however a keyboard writes an accent, and differ in everything else', async () => {
    const auth = await stage.open()
    const { email } = await newcomer(auth, { password: 'cafe\u0301 \u212b ngstr' })
    await signIn(auth, { email, password: 'caf\u00e9 \u00c5 ngstr' })
    for (const password of [
      'cafe \u00c5 ngstr',
      'CAF\u00c9 \u00c5 NGSTR',
      'caf\u00e9 \u00c5 ngstr ',
      ' caf\u00e9 \u00c5 ngstr',
      'caf\u00e9 \u00c5 ngstrx',
      'caf\u00e9 \u00c5 ngst',
      'caf\u00e9 A ngstr',
    ]) {
      expect([password, await attempt(auth, email, password)]).toEqual([password, 'invalid_credentials'])
      await auth.api.lockouts.clear({ email })
    }
    // NFKC would make one of these two.
    const ligature = await newcomer(auth, { password: '\ufb01nancial' })
    expect(await attempt(auth, ligature.email, 'financial')).toBe('invalid_credentials')
  })

  it('may hold any character but NUL', async () => {
    const auth = await stage.open()
    for (const password of [
      'пароль с пробелом',
      '🔑🗝🚪🪟🧱🪜🔭🧲',
      '\t tab and space ',
      '"quoted" \\ <b>',
      '\u200bzero width',
    ]) {
      const person = await newcomer(auth, { password })
      await signIn(auth, person)
    }
    expect(await register(auth, 'correct\u0000 horse')).toBe('invalid_request')
    expect(await register(auth, 'correct\ud800 horse')).toBe('invalid_request')
    const { email } = await newcomer(auth, { password: 'correct horse' })
    expect(await attempt(auth, email, 'correct horse\u0000')).toBe('invalid_request')
  })

  it('have 8 to 256 characters, counted as a reader counts code points', async () => {
    const auth = await stage.open({ config: { auth: { password: { minStrength: 0 } } } })
    expect(await register(auth, '1234567')).toBe('weak_password')
    expect(await register(auth, '12345678')).toBe('201')
    expect(await register(auth, '🔑'.repeat(7))).toBe('weak_password')
    expect(await register(auth, 'e\u0301'.repeat(7))).toBe('weak_password')
    expect(await register(auth, '🔑'.repeat(256))).toBe('201')
    expect(await register(auth, '🔑'.repeat(257))).toBe('weak_password')
    expect(await register(auth, '')).toBe('invalid_request')
    const answer = await post(auth, '/auth/register', { email: newEmail(), password: '1234567' })
    expect(await answer.json()).toMatchObject({
      status: 422,
      detail: 'The password is not acceptable: expected at least 8 characters.',
      errors: [{ path: 'password', message: 'expected at least 8 characters' }],
    })
  })

  it('follow the configured bounds, which bind no sign-in', async () => {
    const old = await newcomer(await stage.open())
    const auth = await stage.open({ config: { auth: { password: { minLength: 30, maxLength: 64, minStrength: 0 } } } })
    expect(await register(auth, 'x'.repeat(29))).toBe('weak_password')
    expect(await register(auth, 'x'.repeat(30))).toBe('201')
    expect(await register(auth, 'x'.repeat(65))).toBe('weak_password')
    await tokensOf(await post(auth, '/auth/login', { email: old.email, password: old.password }))
  })
})

async function hashOf(stage: Stage, email: string): Promise<string> {
  const row = await (await stage.db())
    .selectFrom('users')
    .select('password_hash')
    .where('email', '=', email)
    .executeTakeFirstOrThrow()
  return row.password_hash ?? ''
}

async function attempt(auth: TestAuth, email: string, password: string): Promise<string> {
  const answer = await post(auth, '/auth/login', { email, password })
  return answer.status === 200 ? '200' : codeOf(answer)
}

async function register(auth: TestAuth, password: string): Promise<string> {
  const answer = await post(auth, '/auth/register', { email: newEmail(), password })
  return answer.status === 201 ? '201' : codeOf(answer)
}
