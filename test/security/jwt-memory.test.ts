import { expect, it } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { get } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { partsOf } from './forged-token.js'
import { describeEachAlgorithm, openWorld, verdictOf } from './jwt-world.js'

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

describeEachAlgorithm('A token that was verified before', (world) => {
  it('is somebody’s own: two that differ in their holder alone are never mixed up', async () => {
    const { node, token, userId } = world()
    const other = await jwtNewcomer(node)
    // The same claims but for the holder, to the letter.
    const twin = world().altered({}, { sub: other.user_id, user_id: other.user_id })
    const holders = [
      [token, userId],
      [twin, other.user_id],
    ] as const
    const seen = await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const [accessToken, expected] = holders[index % 2 === 0 ? 0 : 1]
        return (await node.api.verify({ accessToken })).userId === expected
      }),
    )
    expect(seen.filter((isOwn) => isOwn)).toHaveLength(1000)
    const named = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const [text, expected] = holders[index % 2 === 0 ? 0 : 1]
        const answer = await get(node, '/auth/verify', text)
        return answer.headers.get('x-auth-user-id') === expected
      }),
    )
    expect(named).not.toContain(false)
  })

  it('is refused once its session has ended, in whatever text it comes', async () => {
    const { node } = world()
    const person = await jwtNewcomer(node)
    const { claims } = partsOf(person.access_token)
    const again = world().altered({}, { ...claims, jti: 'another text of the same session' })
    for (const text of [person.access_token, again]) expect(await verdictOf(node, text)).toBe('200')
    await node.api.logout({ accessToken: person.access_token })
    const later = world().altered({}, { ...claims, jti: 'a text that was never seen' })
    for (const text of [person.access_token, again, later]) expect(await verdictOf(node, text)).toBe('session_revoked')
  })
})

it('has with ES256 a second signature that also holds, and dies with the session all the same', async () => {
  const world = await openWorld('ES256', new ManualClock())
  const { node } = world
  try {
    const person = await jwtNewcomer(node)
    const { head, body, signature } = partsOf(person.access_token)
    const bytes = Buffer.from(signature, 'base64url')
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const mirrored = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex')
    const twin = `${head}.${body}.${Buffer.concat([bytes.subarray(0, 32), mirrored]).toString('base64url')}`
    expect(twin).not.toBe(person.access_token)
    expect(await node.api.verify({ accessToken: twin })).toMatchObject({ userId: person.user_id })
    expect(await verdictOf(node, person.access_token)).toBe('200')

    await node.api.logout({ accessToken: person.access_token })
    expect(await verdictOf(node, twin)).toBe('session_revoked')
    expect(await verdictOf(node, person.access_token)).toBe('session_revoked')
    expect(await verdictOf(node, world.token)).toBe('200')
  } finally {
    await node.close()
  }
})
