import { expect, it } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, signIn } from '../flows/people.js'

describeEachAuth('An address that has an account', (stage) => {
  it.each([
    ['in capitals', 'ada@example.com', 'ADA@EXAMPLE.COM'],
    ['with spaces around it', 'ben@example.com', '  ben@example.com\t'],
    ['in another Unicode form', 'ch\u00e9@example.com', 'che\u0301@example.com'],
    ['in full-width letters', 'dora@example.com', '\uff44ora@example.com'],
    ['with its domain in ASCII', 'e@b\u00fccher.example', 'e@xn--bcher-kva.example'],
    ['with its domain in capitals and Unicode', 'f@b\u00fccher.example', 'f@B\u00dcCHER.example'],
    ['with the root dot of its domain', 'gil@example.com', 'gil@example.com.'],
    ['with an ideographic full stop', 'hal@example.com', 'hal@example\u3002com'],
    ['in the Kelvin sign', 'kim@example.com', '\u212aim@example.com'],
  ])('is taken %s', async (_how, first, second) => {
    const auth = await stage.open()
    const person = await newcomer(auth, { email: first })
    const answer = await post(auth, '/auth/register', { email: second, password: PASSWORD })
    expect(answer.status).toBe(409)
    expect(await codeOf(answer)).toBe('email_taken')
    // And it signs in, in either spelling.
    expect((await signIn(auth, { email: second, password: PASSWORD })).user_id).toBe(person.user_id)
  })

  it('is not another address that looks like it', async () => {
    const auth = await stage.open()
    const email = newEmail()
    await newcomer(auth, { email })
    for (const other of [email.replace('person', 'p\u0435rson'), `tag+${email}`, email.replace('-', '.')]) {
      expect((await post(auth, '/auth/register', { email: other, password: PASSWORD })).status).toBe(201)
    }
  })

  it('keeps its password where somebody registers it again', async () => {
    const auth = await stage.open()
    const person = await newcomer(auth)
    await post(auth, '/auth/register', { email: person.email, password: 'the password of another' })
    await signIn(auth, person)
    const stolen = { email: person.email, password: 'the password of another' }
    expect(await codeOf(await post(auth, '/auth/login', stolen))).toBe('invalid_credentials')
  })

  it('goes to one of fifty who register it at the same moment', async () => {
    const [here, there] = [await stage.open(), await stage.open()]
    const email = newEmail()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, caller) => {
        const spelling = caller % 3 === 0 ? email.toUpperCase() : email
        return post(caller % 2 === 0 ? here : there, '/auth/register', { email: spelling, password: PASSWORD })
      }),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array.from({ length: 49 }, () => 409)])
    const db = await stage.db()
    const users = await db.selectFrom('users').select('id').where('email', '=', email).execute()
    expect(users).toHaveLength(1)
    const events = await db
      .selectFrom('audit_events')
      .select('id')
      .where('type', '=', 'user.registered')
      .where('user_id', '=', users[0]?.id ?? '')
      .execute()
    expect(events).toHaveLength(1)
  })
})
