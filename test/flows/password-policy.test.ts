import { expect, it } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth } from './each-auth.js'
import { codeOf, newEmail, post } from './people.js'

async function register(auth: TestAuth, password: string, fields: Record<string, unknown> = {}): Promise<string> {
  const answer = await post(auth, '/auth/register', { email: newEmail(), password, ...fields })
  return answer.status === 201 ? '201' : codeOf(answer)
}

// ASVS 6.1.2, 6.2.4, 6.2.5, 6.2.11
describeEachAuth('New passwords', (stage) => {
  it('are refused where they are common, with the reason and what to do, and without the password', async () => {
    const auth = await stage.open()
    const answer = await post(auth, '/auth/register', { email: newEmail(), password: 'qwertyuiop' })
    expect(answer.status).toBe(422)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({
      code: 'weak_password',
      errors: [
        { path: 'password', message: expect.stringMatching(/^it is a common password.*: choose several words/) },
      ],
    })
    expect(text).not.toContain('qwertyuiop')
  })

  it('are refused where they are made of a name or an address', async () => {
    const auth = await stage.open()
    const ada = { email: `lovelace-${newEmail()}`, username: 'Enchantress' }
    for (const password of ['lovelace1815', 'enchantress!', '3nchantr3ss#1', 'Sallyport-2026']) {
      expect([password, await register(auth, password, ada)]).toEqual([password, 'weak_password'])
    }
    expect(await register(auth, 'lovelace rides a bicycle', ada)).toBe('201')
    expect(await register(auth, 'enchantress!')).toBe('201')
  })

  it('need not hold any kind of character', async () => {
    const auth = await stage.open()
    for (const password of ['bravo heron lattice', 'BRAVOHERONLATTICE', '8340 1297 5566', '!?!§$&/()=%', 'Vk7!x9Qz']) {
      expect([password, await register(auth, password)]).toEqual([password, '201'])
    }
  })

  it('are as strong as the configuration asks', async () => {
    const strict = await stage.open({ config: { auth: { password: { minStrength: 4 } } } })
    expect(await register(strict, 'SecurePass123!')).toBe('weak_password')
    expect(await register(strict, 'correct horse battery')).toBe('201')
    const lax = await stage.open({ config: { auth: { password: { minStrength: 0 } } } })
    expect(await register(lax, 'password123')).toBe('201')
  })

  it('have 15 characters by the profile of NIST, where nothing else is asked for', async () => {
    const auth = await stage.open({ config: { auth: { password: { profile: 'nist' } } } })
    expect(await register(auth, 'bravo heron la')).toBe('weak_password')
    expect(await register(auth, 'bravo heron lat')).toBe('201')
    const longer = await stage.open({ config: { auth: { password: { profile: 'nist', minLength: 16 } } } })
    expect(await register(longer, 'bravo heron lat')).toBe('weak_password')
  })

  it('are judged alike wherever an account is made', async () => {
    const auth = await stage.open()
    const { api } = auth
    const guest = await api.guests.create()
    const email = newEmail()
    const made = [
      () => api.register({ email, password: 'password123' }),
      () => api.users.create({ email, password: 'password123' }),
      () => api.guests.upgrade({ token: guest.token, email, password: 'password123' }),
      () => api.guests.upgrade({ token: guest.token, email, password: guest.username }),
    ]
    for (const make of made) await expect(make()).rejects.toMatchObject({ code: 'weak_password' })
    for (const bad of ['violet\0anchor 7', 'violet\ud800anchor 7']) {
      await expect(api.users.create({ email, password: bad })).rejects.toMatchObject({ code: 'invalid_request' })
    }
  })
})
