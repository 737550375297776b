import { expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { openNodeOfTest } from './nodes.js'
import { bearer, codeOf, refresh, send, standingOf } from './people.js'
import { jwtNewcomer } from './token-holders.js'

const SECRET = 'a secret of thirty-two characters and some more'

describeEachAuth(
  'Keys of an algorithm that is configured no more',
  (stage) => {
    const open = (jwt: object) => openNodeOfTest({ url: stage.url(), auth: { mode: 'stateless', jwt } })
    const algorithms = async (node: Awaited<ReturnType<typeof open>>) =>
      (await node.keyring.jwks()).keys.map((key) => key['alg'])

    it('stay while another node may use them, and are retired when none has rotated them', async () => {
      const before = await open({ algorithm: 'EdDSA', rotation: '30d' })
      await before.close()
      const after = await open({ algorithm: 'HS256', secret: SECRET, rotation: '30d' })
      after.clock.advance(30 * DAY)
      await after.keyring.rotateIfDue()
      expect(await algorithms(after)).toEqual(['EdDSA', 'EdDSA'])
      after.clock.advance(2 * DAY + 1)
      await after.keyring.rotateIfDue()
      // As long as a guest's token lives that was signed with them.
      after.clock.advance(7 * DAY + HOUR)
      expect(await algorithms(after)).toEqual([])
    })

    it('stay where a node goes on rotating them', async () => {
      const [old, young] = [
        await open({ algorithm: 'EdDSA', rotation: '30d' }),
        await open({ algorithm: 'ES256', rotation: '30d' }),
      ]
      for (let day = 0; day < 70; day++) {
        for (const node of [old, young]) {
          node.clock.advance(DAY)
          await node.keyring.rotateIfDue()
        }
      }
      expect((await old.keyring.signingKey()).algorithm).toBe('EdDSA')
      expect((await young.keyring.signingKey()).algorithm).toBe('ES256')
    })

    it('are made anew by a node that uses them all the same', async () => {
      const [old, young] = [
        await open({ algorithm: 'EdDSA', rotation: '30d' }),
        await open({ algorithm: 'ES256', rotation: '30d' }),
      ]
      young.clock.advance(40 * DAY)
      await young.keyring.rotateIfDue()
      old.clock.advance(40 * DAY)
      expect(await standingOf(young, (await jwtNewcomer(old)).access_token)).toBe('200')
    })

    it('verify what a configured secret signed, while it is configured', async () => {
      const before = await open({ algorithm: 'HS256', secret: SECRET })
      const person = await jwtNewcomer(before)
      const after = await open({ algorithm: 'EdDSA', secret: SECRET })
      expect(await standingOf(after, person.access_token)).toBe('200')
      const without = await open({ algorithm: 'EdDSA' })
      expect(await standingOf(without, person.access_token)).toBe('invalid_token')
    })
  },
  'test',
)

describeEachAuth(
  'What has ended',
  (stage) => {
    const open = (jwt: object) => openNodeOfTest({ url: stage.url(), auth: { mode: 'stateless', jwt } })

    it('is ended by a genuine JWT, though both the token and its key are over', async () => {
      const node = await open({})
      const person = await jwtNewcomer(node)
      await node.keyring.rotate('signing', null)
      node.clock.advance(HOUR)
      const answer = await node.request('/auth/verify', { headers: bearer(person.access_token) })
      expect(answer.status).toBe(401)
      expect((await send(node, 'POST', '/auth/logout', person.access_token)).status).toBe(204)
      expect(await codeOf(await refresh(node, person.refresh_token))).toBe('session_revoked')
    })

    it('writes nothing more, also where nothing but the signature of a token is checked', async () => {
      const node = await open({ sessionCheck: 'none' })
      const person = await jwtNewcomer(node)
      await node.api.users.disable(person.user_id)
      await node.api.users.enable(person.user_id)
      node.clock.advance(MINUTE)
      for (const [method, path, json] of [
        ['PATCH', '/auth/me', { username: 'Somebody' }],
        ['DELETE', '/auth/sessions', undefined],
      ] as const) {
        const answer = await send(node, method, path, person.access_token, json)
        expect([method, await codeOf(answer)]).toEqual([method, 'session_revoked'])
      }
    })

    it('is answered alike to all who ask within the grace, also where no two signatures are the same', async () => {
      const node = await open({ algorithm: 'ES256' })
      const person = await jwtNewcomer(node)
      const answers = await Promise.all([1, 2, 3].map(() => refresh(node, person.refresh_token)))
      const texts = await Promise.all(answers.map(async (answer) => JSON.stringify(await answer.json())))
      expect(new Set(texts).size).toBe(1)
    })
  },
  'test',
)
