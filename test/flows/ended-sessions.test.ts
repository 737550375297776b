import { expect, it } from 'vitest'
import { describeEachAuth } from './each-auth.js'
import { newcomer, send, standingOf } from './people.js'
import { hideTable } from './refusing-database.js'

describeEachAuth('The token of a session that a node knows to have ended', (stage) => {
  it('is refused without asking the database, however often it comes', async () => {
    const auth = await stage.open({})
    const person = await newcomer(auth)
    expect(await standingOf(auth, person.access_token)).toBe('200')
    expect((await send(auth, 'POST', '/auth/logout', person.access_token)).status).toBe(204)
    const bringBack = await hideTable(await stage.db(), 'sessions')
    try {
      for (let use = 0; use < 3; use++) expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
      // Only one that has been found genuine: whoever makes one up learns nothing of the session.
      const first = person.access_token.at(4) === 'A' ? 'B' : 'A'
      const forged = `sps_${first}${person.access_token.slice(5)}`
      expect(await standingOf(auth, forged)).not.toBe('session_revoked')
    } finally {
      await bringBack()
    }
    expect(await standingOf(auth, person.access_token)).toBe('session_revoked')
  })
})
