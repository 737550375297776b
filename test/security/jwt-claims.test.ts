import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { bearer } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { craft } from './forged-token.js'
import { AUDIENCE, describeEachAlgorithm, expectRefused, ISSUER, libraryVerdictOf, verdictOf } from './jwt-world.js'

const numbers = z.object({ iat: z.int(), exp: z.int() })

// ASVS 9.2.1, 9.2.3
describeEachAlgorithm('A token whose claims lie, signed with the right key', (world) => {
  /** Seconds since the epoch at which the genuine token was issued, and at which the clock stands. */
  const issued = () => numbers.parse(world().claims)

  it('is refused from another issuer, however near', async () => {
    const others = [
      'https://accounts.example/',
      'https://ACCOUNTS.example',
      'http://accounts.example',
      'accounts.example',
    ]
    const odd = [`${ISSUER} `, ` ${ISSUER}`, `${ISSUER}.evil`, `${ISSUER}:443`, 'sallyport', '', AUDIENCE]
    const types = [undefined, null, [ISSUER], [ISSUER, 'https://evil.example'], { iss: ISSUER }, 0, true]
    for (const iss of [...others, ...odd, ...types]) await expectRefused(world(), world().altered({}, { iss }))
  })

  it('is refused for another audience, however near, and for several', async () => {
    const others = ['https://api.example/', 'https://API.example', 'http://api.example', 'api.example', '*', ISSUER]
    const types = [
      undefined,
      null,
      '',
      [],
      [AUDIENCE],
      [AUDIENCE, 'https://evil.example'],
      ['https://evil.example', AUDIENCE],
    ]
    for (const aud of [...others, ...types, { aud: AUDIENCE }])
      await expectRefused(world(), world().altered({}, { aud }))
  })

  it('is refused without an end, or with one that is no whole number of seconds', async () => {
    const { exp } = issued()
    const wrong = [undefined, null, String(exp), exp + 0.5, -1, -exp, [exp], { exp }, true, '', '2026-01-01T01:00:00Z']
    for (const value of wrong) await expectRefused(world(), world().altered({}, { exp: value }))
    const text = JSON.stringify(world().claims)
    for (const number of ['1e400', '9007199254740993', '1e999999', '1767225600.5', 'NaN', 'Infinity', '0x7fffffff']) {
      const claims = text.replace(/"exp":\d+/, `"exp":${number}`)
      expect(claims).not.toBe(text)
      await expectRefused(world(), craft(world().key, world().header, claims))
    }
  })

  it('is over at its end, to the second, and from then on', async () => {
    const { iat, exp } = issued()
    const { node, token } = world()
    await expectRefused(world(), world().altered({}, { exp: iat }), 'token_expired')
    await expectRefused(world(), world().altered({}, { exp: iat - 1, iat: iat - 2, nbf: iat - 2 }), 'token_expired')
    await expectRefused(world(), world().altered({}, { exp: 0 }), 'token_expired')
    expect(await verdictOf(node, world().altered({}, { exp: iat + 1 }))).toBe('200')
    // Remembered by now, and yet over when its time has come: there is no leeway.
    node.clock.advance((exp - iat) * 1000 - 1)
    expect(await verdictOf(node, token)).toBe('200')
    node.clock.advance(1)
    expect(await verdictOf(node, token)).toBe('token_expired')
    node.clock.advance(86_400_000)
    expect(await verdictOf(node, token)).toBe('token_expired')
  })

  it('lives no longer than a token may, whatever end it names', async () => {
    const { node } = world()
    const token = world().altered({}, { exp: Number.MAX_SAFE_INTEGER })
    expect(await verdictOf(node, token)).toBe('200')
    node.clock.advance(900_000 - 1)
    expect(await verdictOf(node, token)).toBe('200')
    node.clock.advance(1)
    expect(await verdictOf(node, token)).toBe('token_expired')
    expect(await libraryVerdictOf(node, world().altered({}, { exp: Number.MAX_SAFE_INTEGER, jti: 'x' }))).toBe(
      'token_expired',
    )
  })

  it.each(['nbf', 'iat'])('may have an %s five seconds ahead, and no more', async (claim) => {
    const { iat } = issued()
    for (const ahead of [-3, 0, 1, 5])
      expect(await verdictOf(world().node, world().altered({}, { [claim]: iat + ahead }))).toBe('200')
    for (const ahead of [6, 60, 86_400, 1e9])
      await expectRefused(world(), world().altered({}, { [claim]: iat + ahead }))
    for (const value of [undefined, null, String(iat), iat + 0.5, -1, [iat]]) {
      await expectRefused(world(), world().altered({}, { [claim]: value }))
    }
    // What was too early is not remembered as refused.
    const early = world().altered({}, { [claim]: iat + 10 })
    await expectRefused(world(), early)
    world().node.clock.advance(5_000)
    expect(await verdictOf(world().node, early)).toBe('200')
  })

  it('is refused where it names two users, or none', async () => {
    const other = await jwtNewcomer(world().node)
    await expectRefused(world(), world().altered({}, { sub: other.user_id }))
    await expectRefused(world(), world().altered({}, { user_id: other.user_id }))
    for (const claim of ['sub', 'user_id', 'sid', 'tenant_id']) {
      for (const value of [undefined, null, '', 'admin', '__proto__', 0, [world().userId], {}]) {
        await expectRefused(world(), world().altered({}, { [claim]: value }))
      }
    }
  })

  it('is refused where a claim is missing or of another type', async () => {
    for (const claim of Object.keys(world().claims))
      await expectRefused(world(), world().altered({}, { [claim]: undefined }))
    const wrong = {
      roles: ['admin', { 0: 'admin' }, [1], null],
      email: [1, ['a@example.com'], {}],
      email_verified: ['true', 1, null],
      is_guest: ['false', 0, null],
      auth_methods: ['password', ['sorcery'], null],
      auth_time: ['0', -1, 0.5, null],
      username: [1, null, ['x']],
      jti: [1, null],
      user_created_at: [0, 'yesterday', null],
    }
    for (const [claim, values] of Object.entries(wrong)) {
      for (const value of values) await expectRefused(world(), world().altered({}, { [claim]: value }))
    }
  })

  it('is refused where the claims are no object, or no JSON', async () => {
    const { key, header, claims } = world()
    const text = JSON.stringify(claims)
    for (const wrong of [
      '[]',
      'null',
      '""',
      '1',
      '{}',
      `[${text}]`,
      `${text}x`,
      `${text}${text}`,
      `"${text}"`,
      text.slice(0, -1),
    ]) {
      await expectRefused(world(), craft(key, header, wrong))
    }
  })

  it('that names a claim twice has the last one, in every answer and for any other reader', async () => {
    const { node, key, header, claims, userId } = world()
    const other = await jwtNewcomer(node)
    const text = JSON.stringify(claims)
    const twice = text.replace('{', `{"sub":"${other.user_id}","user_id":"${other.user_id}","exp":1,`)
    const token = craft(key, header, twice)
    expect(decodeJwt(token)).toMatchObject({ sub: userId, user_id: userId, exp: claims['exp'] })
    expect(await node.api.verify({ accessToken: token })).toMatchObject({ userId })
    const verified = await node.request('/auth/verify', { headers: bearer(token) })
    expect(verified.headers.get('x-auth-user-id')).toBe(userId)
    await expectRefused(world(), craft(key, header, text.replace('}', `,"sub":"${other.user_id}"}`)))
    await expectRefused(world(), craft(key, header, text.replace('}', ',"exp":1}')), 'token_expired')
    await expectRefused(world(), craft(key, header, text.replace('}', ',"iss":"https://evil.example"}')))
  })

  it('gains nothing by a name that objects have', async () => {
    const { node, key, header, claims } = world()
    const polluting = JSON.stringify(claims).replace(
      '{',
      '{"__proto__":{"roles":["superadmin"],"isGuest":true},"constructor":1,',
    )
    const token = craft(key, header, polluting)
    const identity = await node.api.verify({ accessToken: token })
    expect(identity.roles).toEqual(claims['roles'])
    expect(Object.keys({}.constructor.prototype)).toEqual([])
  })
})
