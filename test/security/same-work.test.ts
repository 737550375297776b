import pg from 'pg'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SqliteConnection } from '../../src/storage/sqlite/sqlite-connection.js'
import type { TestAuth } from '../../src/testing/index.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { newcomer, newEmail, post } from '../flows/people.js'

/** Tables that a request of these tests touches; what jobs do meanwhile is about others. */
const OF_REQUESTS =
  /"?(users|tenants|one_time_tokens|mail_targets|audit_events|login_attempts|sessions)"?|insert into "mail_queue"/

const statements: string[] = []

function note(text: unknown): void {
  if (typeof text !== 'string' || !OF_REQUESTS.test(text)) return
  // The tokens of an account and those of an address without one have an index each.
  statements.push(text.replace(/"user_id" (= \S+|is null and "email" = \S+)/, 'whose'))
}

beforeEach(() => {
  const execute = SqliteConnection.prototype.execute
  vi.spyOn(SqliteConnection.prototype, 'execute').mockImplementation(function (this: SqliteConnection, sql, values) {
    note(sql)
    return execute.call(this, sql, values)
  })
  const query = pg.Client.prototype.query
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...given: unknown[]) {
    const [first] = given
    note(typeof first === 'object' && first !== null && 'text' in first ? first.text : first)
    return Reflect.apply(query, this, given)
  })
})

afterEach(() => void vi.restoreAllMocks())

/** The statements behind one request, in order. */
async function workOf(auth: TestAuth, path: string, body: unknown, status: number): Promise<readonly string[]> {
  statements.length = 0
  const answer = await post(auth, path, body)
  expect(answer.status).toBe(status)
  return [...statements]
}

// ASVS 6.3.8
describeEachAuth('Who looks for accounts by the work of the database', (stage) => {
  it('finds the same statements behind a forgotten password, whether there is an account, none, or a disabled one', async () => {
    const auth = await stage.open({ config: { limits: { enabled: true } } })
    const [person, disabled] = [await newcomer(auth), await newcomer(auth)]
    await auth.api.users.disable(disabled.user_id)
    const nowhere = '019b0000-0000-7000-8000-00000000ffff'
    const known = await workOf(auth, '/auth/password/forgot', { email: person.email }, 202)
    expect(known.length).toBeGreaterThan(4)
    for (const body of [
      { email: newEmail() },
      { email: disabled.email },
      { email: person.email, tenant_id: nowhere },
      { email: person.email },
    ]) {
      const work = await workOf(auth, '/auth/password/forgot', body, 202)
      // An unknown tenant has no accounts to look among.
      const expected = 'tenant_id' in body ? known.filter((text) => !/^select .* from "users"/.test(text)) : known
      expect(work).toEqual(expected)
    }
  })

  it('and the same where too many were asked for: then nothing is sent, and what was sent stays good', async () => {
    const auth = await stage.open({ config: { limits: { enabled: true, mailTarget: { requests: 3 } } } })
    const person = await newcomer(auth)
    await auth.mail.sent()
    auth.mail.clear()
    const first = await workOf(auth, '/auth/password/forgot', { email: person.email }, 202)
    for (let n = 0; n < 4; n++) {
      expect(await workOf(auth, '/auth/password/forgot', { email: person.email }, 202)).toEqual(first)
    }
    expect((await auth.mail.sent()).length).toBeLessThan(5)
    const { token } = await auth.mail.lastTo(person.email)
    const reset = { token, new_password: 'bravo heron lattice' }
    expect((await post(auth, '/auth/password/reset', reset)).status).toBe(204)
  })

  it('finds the same statements behind a sign-in that is refused', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    const wrong = { password: 'wrong password' }
    const known = await workOf(auth, '/auth/login', { email: person.email, ...wrong }, 401)
    expect(await workOf(auth, '/auth/login', { email: newEmail(), ...wrong }, 401)).toEqual(known)
  })
})
