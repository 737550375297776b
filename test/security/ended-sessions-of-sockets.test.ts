import { expect, it } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { newHolder } from '../flows/token-holders.js'
import { connect } from '../websockets/socket-client.js'
import { serveSockets } from '../websockets/socket-server.js'

// ASVS 7.4.1: who asks for every session to be looked up has it for frames too.
describeEachAuth('A frame of a session that was ended, of which the feed has not told', (stage) => {
  it('is not handed on where each request would look the session up', async () => {
    const auth = await stage.open({ config: { auth: { mode: 'stateless', jwt: { sessionCheck: 'always' } } } })
    const { url, messages } = await serveSockets(auth)
    const { access } = await newHolder(auth)
    const client = await connect(url)
    await client.authenticate(access)
    client.send({ type: 'chat', text: 'before' })
    await client.next('echo')
    const db = await stage.db()
    await db.updateTable('sessions').set({ revoked_at: 1, revoked_reason: 'administrator' }).execute()
    client.send({ type: 'chat', text: 'after' })
    expect(await client.next('session_revoked')).toMatchObject({ reason: 'administrator' })
    expect(await client.closed).toMatchObject({ code: 4403 })
    expect(messages).toEqual([{ type: 'chat', text: 'before' }])
  })
})
