import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { SigningAlgorithm } from '../../src/features/keys/key-types.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { craft, partsOf } from '../security/forged-token.js'
import { DAY, MINUTE, SECOND } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { bearer, codeOf, refresh, standingOf } from './people.js'
import { jwtNewcomer, jwtTokensOf, newHolder } from './token-holders.js'

const SECRETS = [
  'Zk3-first-shared-key-of-the-tests-9f2',
  'Qp7-other-shared-key-of-the-tests-4c8',
  'Xw1-third-shared-key-of-the-tests-7b5',
] as const
/** The life of a token and the time in which another node may still use a key that was retired. */
const KEPT = 15 * MINUTE + 5 * MINUTE
/** What was read of the keys is believed for less than this. */
const FRESH = SECOND

const jwksShape = z.strictObject({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.literal('sig') })),
})

// ASVS 11.1.1
describeEachAuth(
  'The signing keys',
  (stage) => {
    const open = (options: NodeOptions = {}): Promise<BareNode> =>
      openNodeOfTest({ url: stage.url(), ...options, auth: { mode: 'stateless', ...options.auth } })
    const withAlgorithm = (algorithm: SigningAlgorithm, clock: ManualClock) =>
      open({ clock, auth: { jwt: { algorithm } } })
    const withSecrets = (clock: ManualClock, ...secret: string[]) => open({ clock, auth: { jwt: { secret } } })
    const verdict = async (node: BareNode, token: string) => {
      const answer = await node.request('/auth/verify', { headers: bearer(token) })
      return answer.status === 200 ? '200' : codeOf(answer)
    }
    const rotations = async () => {
      const db = await stage.db()
      return db.selectFrom('audit_events').selectAll().where('type', '=', 'key.rotated').orderBy('created_at').execute()
    }

    it('are in the key set before they sign, and the one announced is the one that signs next', async () => {
      const auth = await open()
      for (let round = 0; round < 3; round++) {
        const before = await keySetOf(auth)
        const { access_token: old } = await jwtNewcomer(auth)
        await auth.keyring.rotate('signing', null)
        const { access_token: token } = await jwtNewcomer(auth)
        const [was, is] = [kidOf(old), kidOf(token)]
        expect(is).not.toBe(was)
        // Whoever fetched the set before the rotation can check what was signed after it.
        expect(before.keys.map(({ kid }) => kid)).toContain(is)
        await jwtVerify(token, createLocalJWKSet(jwksOf(before)), { currentDate: new Date(auth.clock.now()) })
        const after = await keySetOf(auth)
        expect(after.keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining([was, is]))
        expect(after.keys).toHaveLength(before.keys.length + 1)
        for (const text of [old, token]) expect(await verdict(auth, text)).toBe('200')
        auth.clock.advance(MINUTE)
      }
    })

    it('are shown with what caches need, and nothing that is secret', async () => {
      const auth = await open()
      const answer = await auth.request('/.well-known/jwks.json')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toMatch(/^application\/(?:jwk-set\+)?json/)
      const control = answer.headers.get('cache-control') ?? ''
      const age = Number(/\bmax-age=(\d+)/.exec(control)?.[1])
      expect(control).toContain('public')
      // Shorter than a key is kept after its last token.
      expect(age).toBeGreaterThanOrEqual(60)
      expect(age * 1000).toBeLessThanOrEqual(5 * MINUTE)
      const { keys } = jwksShape.parse(await answer.json())
      expect(keys.map((key) => Object.keys(key).sort())).toEqual(
        Array(2).fill(['alg', 'crv', 'kid', 'kty', 'use', 'x']),
      )
    })

    it('are honoured after they retire until their last token has ended, and then leave the key set', async () => {
      const clock = new ManualClock()
      const auth = await open({ clock, auth: { guests: { enabled: false } } })
      clock.advance(10 * MINUTE)
      const { access_token: last } = await jwtNewcomer(auth)
      const retired = kidOf(last)
      await auth.keyring.rotate('signing', null)
      clock.advance(15 * MINUTE - 1)
      expect(await verdict(auth, last)).toBe('200')
      clock.advance(1)
      expect(await verdict(auth, last)).toBe('token_expired')
      clock.advance(KEPT - 15 * MINUTE - 1)
      expect((await keySetOf(auth)).keys.map(({ kid }) => kid)).toContain(retired)
      clock.advance(1)
      expect((await keySetOf(auth)).keys.map(({ kid }) => kid)).not.toContain(retired)
      const { access_token } = await jwtNewcomer(auth)
      expect(await verdict(auth, access_token)).toBe('200')
    })

    it('stay for a week after they retire where there are guests, and check nothing that they signed since', async () => {
      const clock = new ManualClock()
      const auth = await open({ clock })
      const guest = await auth.api.guests.create()
      const { access_token } = await jwtNewcomer(auth)
      const retiredKey = await auth.keyring.signingKey()
      const { claims, header } = partsOf(access_token)
      // As somebody would who has got hold of the key.
      const forge = (issued: number) => {
        const iat = Math.floor(issued / 1000)
        return craft(retiredKey, header, { ...claims, iat, nbf: iat, exp: iat + 900, jti: String(clock.now()) })
      }
      await auth.keyring.rotate('signing', null)
      const retiredAt = clock.now()
      clock.advance(KEPT - 15 * MINUTE)
      expect(await verdict(auth, forge(clock.now()))).toBe('200')
      clock.advance(SECOND)
      expect(await verdict(auth, forge(clock.now()))).toBe('invalid_token')
      // Dated back it ends like any other.
      expect(await verdict(auth, forge(clock.now() - MINUTE))).toBe('200')
      clock.advance(15 * MINUTE)
      expect(await verdict(auth, forge(retiredAt))).toBe('token_expired')
      clock.advance(7 * DAY - 1 - (clock.now() - retiredAt))
      expect(await verdict(auth, guest.token)).toBe('200')
      expect((await keySetOf(auth)).keys.map(({ kid }) => kid)).toContain(retiredKey.kid)
      clock.advance(1)
      expect(await verdict(auth, guest.token)).toBe('token_expired')
      clock.advance(KEPT - 15 * MINUTE)
      expect((await keySetOf(auth)).keys.map(({ kid }) => kid)).not.toContain(retiredKey.kid)
    })

    it('are refused after their end by a node that only checks tokens, too', async () => {
      const clock = new ManualClock()
      const [signer, checker] = [await open({ clock }), await open({ clock, auth: { mode: 'stateful' } })]
      const { access_token } = await jwtNewcomer(signer)
      const retiredKey = await signer.keyring.signingKey()
      const { header, claims } = partsOf(access_token)
      expect(await verdict(checker, access_token)).toBe('200')
      await signer.keyring.rotate('signing', null)
      clock.advance(KEPT)
      // As the server does each minute.
      await checker.keyring.rotateIfDue()
      const iat = Math.floor(clock.now() / 1000)
      const forged = craft(retiredKey, header, { ...claims, iat, nbf: iat, exp: iat + 900 })
      for (const node of [signer, checker]) expect(await verdict(node, forged)).toBe('invalid_token')
      const { access_token: next } = await jwtNewcomer(signer)
      for (const node of [signer, checker]) expect(await verdict(node, next)).toBe('200')
    })

    it('rotate by schedule, on the day and not before', async () => {
      const clock = new ManualClock()
      const auth = await open({ clock, auth: { jwt: { rotation: '30d' } } })
      const first = (await auth.keyring.signingKey()).kid
      clock.advance(30 * DAY - 1)
      await auth.keyring.rotateIfDue()
      expect((await auth.keyring.signingKey()).kid).toBe(first)
      expect(await rotations()).toHaveLength(0)
      clock.advance(1)
      await auth.keyring.rotateIfDue()
      const second = (await auth.keyring.signingKey()).kid
      expect(second).not.toBe(first)
      await auth.keyring.rotateIfDue()
      expect((await auth.keyring.signingKey()).kid).toBe(second)
      // The age counts from when a key began to sign, not from when it was made.
      clock.advance(30 * DAY - 1)
      await auth.keyring.rotateIfDue()
      expect((await auth.keyring.signingKey()).kid).toBe(second)
      clock.advance(1)
      await auth.keyring.rotateIfDue()
      expect((await auth.keyring.signingKey()).kid).not.toBe(second)
      const events = await rotations()
      expect(events.map(({ data }) => JSON.parse(String(data)).purpose).sort()).toEqual([
        'session',
        'session',
        'signing',
        'signing',
      ])
    })

    it('rotate once where several nodes find them due at the same time', async () => {
      const clock = new ManualClock()
      const nodes = [await open({ clock }), await open({ clock }), await open({ clock })]
      clock.advance(90 * DAY)
      await Promise.all(nodes.map((node) => node.keyring.rotateIfDue()))
      expect(await rotations()).toHaveLength(2)
      const kids = await Promise.all(nodes.map(async (node) => (await node.keyring.signingKey()).kid))
      expect(new Set(kids).size).toBe(1)
      const db = await stage.db()
      const rows = await db.selectFrom('keys').select(['purpose', 'status']).orderBy('id').execute()
      const counted = rows.map(({ purpose, status }) => `${purpose} ${status}`).sort()
      expect(counted).toEqual([
        'session active',
        'session retired',
        'signing active',
        'signing next',
        'signing retired',
      ])
      for (const node of nodes) {
        const { access_token } = await jwtNewcomer(node)
        for (const other of nodes) expect(await verdict(other, access_token)).toBe('200')
      }
    })

    it('rotate once for each who asks, and every node signs with the new one within a second', async () => {
      const clock = new ManualClock()
      const [one, two] = [await open({ clock }), await open({ clock })]
      const before = await jwtNewcomer(two)
      await one.keyring.rotate('signing', null)
      clock.advance(FRESH)
      const after = await jwtNewcomer(two)
      expect(kidOf(after.access_token)).toBe((await one.keyring.signingKey()).kid)
      expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token))
      await Promise.all([one.keyring.rotate('signing', null), two.keyring.rotate('signing', null)])
      const rows = await (await stage.db())
        .selectFrom('keys')
        .select('status')
        .where('purpose', '=', 'signing')
        .execute()
      expect(rows.map(({ status }) => status).sort()).toEqual(['active', 'next', 'retired', 'retired', 'retired'])
      clock.advance(FRESH)
      expect((await one.keyring.signingKey()).kid).toBe((await two.keyring.signingKey()).kid)
      for (const { access_token } of [before, after]) {
        for (const node of [one, two]) expect(await verdict(node, access_token)).toBe('200')
      }
    })

    it('keep the tokens of before over a restart in the middle of it', async () => {
      const clock = new ManualClock()
      const one = await open({ clock })
      const person = await jwtNewcomer(one)
      await one.keyring.rotate('signing', null)
      const kid = (await one.keyring.signingKey()).kid
      await one.close()
      const two = await open({ clock })
      expect(await verdict(two, person.access_token)).toBe('200')
      expect((await two.keyring.signingKey()).kid).toBe(kid)
      expect((await keySetOf(two)).keys).toHaveLength(3)
    })

    it('are recorded when they rotate, with who asked', async () => {
      const auth = await open()
      const { user_id } = await jwtNewcomer(auth)
      await auth.keyring.rotate('signing', user_id)
      await auth.keyring.rotate('session', null)
      const events = await rotations()
      expect(events.map(({ actor_id }) => actor_id).sort()).toEqual([user_id, null].sort())
      const data = events.map((event) => JSON.parse(String(event.data)))
      expect(data).toEqual(
        expect.arrayContaining([
          { purpose: 'signing', algorithm: 'EdDSA', retired: 2, active: 3 },
          { purpose: 'session', algorithm: 'HMAC-SHA256', retired: 1, active: 5 },
        ]),
      )
      expect(JSON.stringify(events)).not.toMatch(/sealed|PRIVATE/)
    })

    it('of sessions rotate without ending one, opaque pairs and CSRF tokens included', async () => {
      const clock = new ManualClock()
      const [opaque, jwt] = [await open({ clock, auth: { mode: 'stateful' } }), await open({ clock })]
      const people = [await newHolder(opaque), await newHolder(jwt)]
      const csrfOf = async (token: string) => {
        const answer = await opaque.request('/auth/csrf', { headers: bearer(token) })
        return z.object({ csrf_token: z.string() }).parse(await answer.json()).csrf_token
      }
      const csrf = await csrfOf(people[0]?.access ?? '')
      for (let round = 0; round < 2; round++) {
        await jwt.keyring.rotate('session', null)
        for (const node of [opaque, jwt]) {
          for (const { access } of people) expect(await standingOf(node, access)).toBe('200')
        }
      }
      const headers = { cookie: `session_id=${people[0]?.access}`, 'x-csrf-token': csrf }
      expect((await opaque.request('/auth/sessions?except=current', { method: 'DELETE', headers })).status).toBe(200)
      for (const { refresh: token } of people) {
        const next = await refresh(opaque, token)
        const { access_token, refresh_token } = z
          .object({ access_token: z.string(), refresh_token: z.string() })
          .parse(await next.json())
        expect(await standingOf(jwt, access_token)).toBe('200')
        clock.advance(MINUTE)
        expect((await refresh(jwt, refresh_token)).status).toBe(200)
      }
    })

    it('of another algorithm take over where the configuration changes, and old tokens stay good', async () => {
      const clock = new ManualClock()
      const tokens: string[] = []
      for (const algorithm of ['EdDSA', 'ES256', 'HS256', 'EdDSA'] as const) {
        const node = await withAlgorithm(algorithm, clock)
        const { access_token } = await jwtNewcomer(node)
        expect(partsOf(access_token).header['alg']).toBe(algorithm)
        tokens.push(access_token)
        for (const token of tokens) expect(await verdict(node, token)).toBe('200')
        await node.close()
        clock.advance(MINUTE)
      }
      const shared = await withSecrets(clock, SECRETS[0])
      for (const token of tokens) expect(await verdict(shared, token)).toBe('200')
      // Side by side, as while nodes restart one by one.
      const [old, young] = [await withAlgorithm('EdDSA', clock), await withAlgorithm('ES256', clock)]
      for (const [here, there] of [
        [old, young],
        [young, old],
      ] as const) {
        const person = await jwtNewcomer(here)
        expect(await verdict(there, person.access_token)).toBe('200')
        expect((await refresh(there, person.refresh_token)).status).toBe(200)
      }
    })

    it('of another algorithm are found at once by the nodes that run already', async () => {
      const clock = new ManualClock()
      const old = await withAlgorithm('EdDSA', clock)
      await keySetOf(old)
      const young = await withAlgorithm('ES256', clock)
      const { access_token } = await jwtNewcomer(young)
      // What the old node has read of the keys is not a second old.
      expect(await verdict(old, access_token)).toBe('200')
    })

    it('are looked for once a second, whatever names strangers send', async () => {
      const clock = new ManualClock()
      const auth = await open({ clock })
      const { access_token } = await jwtNewcomer(auth)
      const key = await auth.keyring.signingKey()
      const { header, claims } = partsOf(access_token)
      const stranger = (kid: string) => craft(key, { ...header, kid }, claims)
      const asked = vi.spyOn(auth.storage.db, 'selectFrom')
      const readings = () => asked.mock.calls.filter(([table]) => String(table) === 'keys').length
      for (let second = 1; second <= 3; second++) {
        const names = Array.from({ length: 20 }, (_, index) => stranger(`${second} ${index}`))
        const verdicts = await Promise.all(names.map((token) => verdict(auth, token)))
        expect(new Set(verdicts)).toEqual(new Set(['invalid_token']))
        expect(await verdict(auth, access_token)).toBe('200')
        expect(readings()).toBe(second)
        clock.advance(FRESH)
      }
      // With the database gone, too, it is the stranger who is refused.
      await auth.storage.db.schema.alterTable('keys').renameTo('keys_away').execute()
      try {
        expect(await verdict(auth, stranger('x'))).toBe('invalid_token')
        expect(await verdict(auth, access_token)).toBe('200')
      } finally {
        await auth.storage.db.schema.alterTable('keys_away').renameTo('keys').execute()
      }
    })

    it('of shared secrets: the first signs, all verify, and one that is gone is refused', async () => {
      const clock = new ManualClock()
      const [a, b, c] = SECRETS
      const before = await withSecrets(clock, a)
      const old = await jwtNewcomer(before)
      expect(partsOf(old.access_token).header['alg']).toBe('HS256')
      expect(old.access_token).not.toContain(Buffer.from(a).toString('base64url').slice(0, 16))

      const both = await withSecrets(clock, b, a)
      const next = await jwtNewcomer(both)
      expect(kidOf(next.access_token)).not.toBe(kidOf(old.access_token))
      for (const { access_token } of [old, next]) expect(await verdict(both, access_token)).toBe('200')
      // The node of before does not know the new one: the second step of a rotation is to put the new secret first.
      expect(await verdict(before, next.access_token)).toBe('invalid_token')
      const announced = await withSecrets(clock, a, b)
      expect(await verdict(announced, next.access_token)).toBe('200')
      expect(kidOf((await jwtNewcomer(announced)).access_token)).toBe(kidOf(old.access_token))

      const without = await withSecrets(clock, b)
      expect(await verdict(without, old.access_token)).toBe('invalid_token')
      expect(await verdict(without, next.access_token)).toBe('200')
      const other = await withSecrets(clock, c)
      for (const { access_token } of [old, next]) expect(await verdict(other, access_token)).toBe('invalid_token')
      // Nobody is signed out by it: the refresh token is of another kind.
      const renewed = await jwtTokensOf(await refresh(other, old.refresh_token))
      expect(await verdict(other, renewed.access_token)).toBe('200')
    })

    it('of shared secrets stand in no key set and in no database', async () => {
      const clock = new ManualClock()
      const auth = await withSecrets(clock, ...SECRETS)
      expect(await keySetOf(auth)).toEqual({ keys: [] })
      const dump = await (await stage.db()).selectFrom('keys').selectAll().execute()
      expect(dump.map(({ purpose }) => purpose)).toEqual(['session'])
      clock.advance(100 * DAY)
      await auth.keyring.rotateIfDue()
      const { access_token } = await jwtNewcomer(auth)
      expect(await verdict(auth, access_token)).toBe('200')
      const own = await withAlgorithm('HS256', clock)
      const { access_token: ofOwn } = await jwtNewcomer(own)
      expect(await verdict(own, ofOwn)).toBe('200')
      expect(await keySetOf(own)).toEqual({ keys: [] })
    })

    it('go on signing and verifying while they cannot be read, and readiness tells', async () => {
      const clock = new ManualClock()
      const auth = await open({ clock })
      const { access_token } = await jwtNewcomer(auth)
      const db = await stage.db()
      await db.schema.alterTable('keys').renameTo('keys_away').execute()
      clock.advance(5 * MINUTE)
      try {
        const other = await jwtNewcomer(auth)
        expect(await verdict(auth, other.access_token)).toBe('200')
        expect(kidOf(other.access_token)).toBe(kidOf(access_token))
        const ready = await auth.request('/health/ready')
        expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { signing_keys: 'failing' } }])
      } finally {
        await db.schema.alterTable('keys_away').renameTo('keys').execute()
      }
      clock.advance(FRESH)
      expect((await auth.request('/health/ready')).status).toBe(200)
    })

    async function keySetOf(node: BareNode) {
      return jwksShape.parse(await (await node.request('/.well-known/jwks.json')).json())
    }
  },
  'test',
)

function kidOf(token: string): unknown {
  return partsOf(token).header['kid']
}

function jwksOf(keys: z.output<typeof jwksShape>): JSONWebKeySet {
  return { keys: [...keys.keys] }
}
