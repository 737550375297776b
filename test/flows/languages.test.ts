import { expect, it } from 'vitest'
import { describeEachAuth } from './each-auth.js'
import { codeOf, newcomer, send } from './people.js'

describeEachAuth('the language that people are written to in', (stage) => {
  const localeOf = async (userId: string) => {
    const db = await stage.db()
    const row = await db.selectFrom('users').select('locale').where('id', '=', userId).executeTakeFirstOrThrow()
    return row.locale
  }
  const register = async (acceptLanguage: string) => {
    const auth = await stage.open()
    const request: typeof auth.request = (path, init = {}) =>
      auth.request(path, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init.headers)), 'accept-language': acceptLanguage },
      })
    return { auth, person: await newcomer({ ...auth, request }) }
  }

  it.each([
    ['de-CH, en;q=0.8', 'de'],
    ['nl, fr;q=0.5, en;q=0.4', 'fr'],
    ['zh-Hant-TW', 'zh'],
    ['en;q=0, es;q=0.001', 'es'],
    ['nl, *', null],
    ['de'.repeat(400), null],
  ])('is what the browser asks for (%s) when the account is made', async (header, locale) => {
    const { person } = await register(header)
    expect(await localeOf(person.user_id)).toBe(locale)
  })

  it('is chosen with PATCH /auth/me, and forgotten with null', async () => {
    const { auth, person } = await register('de')
    const change = (json: unknown) => send(auth, 'PATCH', '/auth/me', person.access_token, json)
    expect((await change({ locale: 'fr' })).status).toBe(200)
    expect(await localeOf(person.user_id)).toBe('fr')
    expect((await change({ username: 'Renée' })).status).toBe(200)
    expect(await localeOf(person.user_id)).toBe('fr')
    expect((await change({ locale: null })).status).toBe(200)
    expect(await localeOf(person.user_id)).toBeNull()
    expect(await codeOf(await change({ locale: 'tlh' }))).toBe('invalid_request')
  })
})
