import { describe, expect, it, onTestFinished } from 'vitest'
import { uuidv7 } from '../../src/runtime/ids.js'
import { createTestAuth } from '../../src/testing/index.js'
import { newcomer } from '../flows/people.js'
import { connect, refusalOf } from '../websockets/socket-client.js'
import { serveSockets } from '../websockets/socket-server.js'

async function bypassing() {
  const auth = await createTestAuth({ config: { auth: { mode: 'bypass' } } })
  onTestFinished(() => auth.close())
  const server = await serveSockets(auth)
  const enter = async (fields: object, headers: Record<string, string> = {}) => {
    const client = await connect(server.url, headers)
    const { user } = await client.authenticate('anything at all', fields)
    return user
  }
  return { auth, enter, ...server }
}

describe('A connection in bypass mode', () => {
  it('is whoever it says, made where there is none, and without a name the developer', async () => {
    const { auth, enter } = await bypassing()
    const id = uuidv7(Date.now())
    const first = await enter({ user_id: id })
    expect(first).toMatchObject({ id })
    expect(await enter({ user_id: id })).toEqual(first)
    expect(await enter({ user_id: 'alice' })).toMatchObject({ email: 'alice@localhost' })
    expect(await enter({})).toMatchObject({ email: 'dev@localhost' })
    const ada = await newcomer(auth)
    expect(await enter({ user_id: ada.user_id })).toMatchObject({ email: ada.email })
  })

  it('stays one user’s, and is not taken up by an account that is disabled', async () => {
    const { auth, url } = await bypassing()
    const client = await connect(url)
    await client.authenticate('x', { user_id: 'alice' })
    client.send({ type: 'reauthenticate', session_token: 'x', user_id: 'bob' })
    expect(await client.closed).toMatchObject({ code: 4401 })
    const ada = await newcomer(auth)
    await auth.api.users.disable(ada.user_id)
    const disabled = await connect(url)
    disabled.send({ type: 'authenticate', session_token: 'x', user_id: ada.user_id })
    expect(await disabled.next('auth_error')).toMatchObject({ code: 'account_disabled' })
    expect(await disabled.closed).toMatchObject({ code: 4401 })
  })

  it('is refused to a page of another site, though it brings no cookie: any token would do', async () => {
    const { url, origin, enter } = await bypassing()
    for (const foreign of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      expect(await refusalOf(url, { origin: foreign }), foreign).toContain('csrf_rejected')
    }
    expect(await refusalOf(url, { 'sec-fetch-site': 'cross-site' })).toContain('csrf_rejected')
    expect(await enter({}, { origin })).toMatchObject({ email: 'dev@localhost' })
  })

  it('is refused to whoever comes by a proxy or by another name', async () => {
    const { url } = await bypassing()
    const strange = [{ 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }, { host: 'evil.example' }]
    for (const headers of strange) expect(await refusalOf(url, headers)).toMatch(/403 .*forbidden/)
  })
})
