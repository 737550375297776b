import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openSigningKey } from '../../src/features/keys/key-signing.js'
import type { SigningKey } from '../../src/features/keys/key-types.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/verifier/index.js'
import { bearer } from '../flows/people.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { craft } from '../security/forged-token.js'
import { AUDIENCE, ISSUER, libraryVerdictOf, openWorld, type World } from '../security/jwt-world.js'
import { verdictBy, verifierOf } from './local-verifier.js'

const MINUTE = 60_000
let world: World
beforeAll(async () => {
  world = await openWorld('EdDSA', new ManualClock())
})
afterAll(() => world.node.close())

/** A place where keys are shown that a test can change, and that counts how often it is asked. */
function shownKeys(text: () => string | Promise<string> | Response) {
  const shown = {
    asked: 0,
    fetch: async () => {
      shown.asked++
      const answer = await text()
      return answer instanceof Response ? answer : new Response(answer)
    },
  }
  return shown
}

const publicOf = ({ publicJwk }: SigningKey): JsonWebKey => publicJwk ?? {}
const setOf = (...keys: readonly JsonWebKey[]) => JSON.stringify({ keys })

async function newKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return openSigningKey('EdDSA', privateKey.export({ type: 'pkcs8', format: 'der' }))
}

const signedBy = (key: SigningKey, claims = {}) =>
  craft(key, { ...world.header, alg: key.algorithm, kid: key.kid }, { ...world.claims, ...claims })

const open = (fetch: NonNullable<VerifierOptions['fetch']>, options: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({ issuer: ISSUER, audience: AUDIENCE, clock: world.node.clock, fetch, ...options })

it('fetches the keys once, however many ask at once, and again in the background when they have grown old', async () => {
  const shown = shownKeys(() => setOf(publicOf(world.key)))
  const verifier = open(shown.fetch)
  const tokens = Array.from({ length: 50 }, (_, index) => world.altered({}, { jti: String(index) }))
  expect(new Set(await Promise.all(tokens.map((token) => verdictBy(verifier, token))))).toEqual(new Set(['200']))
  expect(shown.asked).toBe(1)
  world.node.clock.advance(5 * MINUTE)
  expect(await verdictBy(verifier, world.token)).toBe('200')
  expect(shown.asked).toBe(1)
  world.node.clock.advance(1)
  expect(await verdictBy(verifier, world.token)).toBe('200')
  expect(shown.asked).toBe(2)
  world.node.clock.advance(-5 * MINUTE - 1)
})

it('asks for a key that it does not know once in the cool-down, whatever strangers send', async () => {
  let keys = [publicOf(world.key)]
  const shown = shownKeys(() => setOf(...keys))
  const verifier = open(shown.fetch)
  await verifier.ready()
  const next = await newKey()
  world.node.clock.advance(5_000)
  const strangers = Array.from({ length: 200 }, (_, index) => world.altered({ kid: `stranger-${index}` }))
  const said = await Promise.all(strangers.map((token) => verdictBy(verifier, token)))
  expect([new Set(said), shown.asked]).toEqual([new Set(['invalid_token']), 2])
  // One that is new is found with the next question, whoever brought the last one about.
  keys = [...keys, publicOf(next)]
  expect(await verdictBy(verifier, signedBy(next))).toBe('invalid_token')
  world.node.clock.advance(5_000)
  expect(await verdictBy(verifier, signedBy(next))).toBe('200')
  expect([await verdictBy(verifier, world.token), shown.asked]).toEqual(['200', 3])
  world.node.clock.advance(-10_000)
})

it('follows the rotation of a server, and lets a retired key go with the server', async () => {
  const { node } = world
  const start = node.clock.now()
  const verifier = verifierOf(node)
  const { access_token: old } = await jwtNewcomer(node)
  await verifier.ready()
  const retired = await node.keyring.signingKey()
  await node.keyring.rotate('signing', null)
  const { access_token: next } = await jwtNewcomer(node)
  for (const token of [old, next]) expect(await verdictBy(verifier, token)).toBe('200')

  // Whoever has got hold of the retired key signs nothing new with it, there or here.
  node.clock.advance(5 * MINUTE + 2_000)
  expect(await verdictBy(verifier, old)).toBe('200')
  await new Promise((resolve) => setImmediate(resolve))
  const iat = Math.floor(node.clock.now() / 1000)
  const forged = signedBy(retired, { iat, nbf: iat, exp: iat + 60 })
  expect([await verdictBy(verifier, forged), await libraryVerdictOf(node, forged)]).toEqual([
    'invalid_token',
    'invalid_token',
  ])

  const eternal = signedBy(retired, { exp: iat + 30 * 86_400, jti: 'eternal' })
  expect(await verdictBy(verifier, eternal)).toBe('200')
  node.clock.advance(7 * 86_400_000 + 5 * MINUTE)
  const { keys } = JSON.parse(await (await node.request('/.well-known/jwks.json')).text())
  expect(JSON.stringify(keys)).not.toContain(retired.kid)
  for (const token of [old, eternal]) expect(await verdictBy(verifier, token)).not.toBe('200')
  expect((await node.request('/auth/verify', { headers: bearer(old) })).status).toBe(401)
  node.clock.advance(start - node.clock.now())
})

it('goes on with the last good keys while nobody answers well, and with none when that has lasted too long', async () => {
  let answer: () => string | Promise<string> | Response = () => setOf(publicOf(world.key))
  const notices: string[] = []
  const verifier = open(shownKeys(() => answer()).fetch, { onNotice: (notice) => notices.push(notice) })
  await verifier.ready()
  const bad: (() => string | Promise<string> | Response)[] = [
    () => Promise.reject(new Error('refused')),
    () => new Response('gone', { status: 503 }),
    () => new Response(setOf(publicOf(world.key)), { status: 206 }),
    () => '<html>',
    () => '{"keys":[]}',
    () => '{"keys":{}}',
    () => setOf({ kty: 'oct', k: 'AAAA', kid: 'x', alg: 'HS256' }),
    () => setOf(publicOf(world.key)).padEnd(300_000),
  ]
  for (const each of bad) {
    answer = each
    world.node.clock.advance(5 * MINUTE + 1)
    const token = world.altered({}, { jti: String(bad.indexOf(each)), iat: now(), nbf: now(), exp: now() + 900 })
    expect(await verdictBy(verifier, token)).toBe('200')
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(verifier.status().keys.failure).toEqual(expect.any(String))
    // What may be a new key is no forgery as long as nobody can say so.
    expect(await verdictBy(verifier, world.altered({ kid: 'new' }))).toBe('unavailable')
  }
  expect(notices).toEqual([expect.stringMatching(/^The keys cannot be fetched from https:/)])
  world.node.clock.advance(86_400_000)
  expect(await verdictBy(verifier, world.altered({}, { iat: now(), nbf: now(), exp: now() + 900 }))).toBe('unavailable')
  expect(verifier.status().isReady).toBe(false)
  answer = () => setOf(publicOf(world.key))
  world.node.clock.advance(5_000)
  expect(await verdictBy(verifier, world.altered({}, { iat: now(), nbf: now(), exp: now() + 900 }))).toBe('200')
  expect(notices).toHaveLength(2)
  world.node.clock.advance(-86_400_000 - 5_000 - bad.length * (5 * MINUTE + 1))
})

const now = () => Math.floor(world.node.clock.now() / 1000)

it('takes from a set what may check tokens of its own kind, and nothing else', async () => {
  const mine = await newKey()
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const jwk = publicOf(mine)
  const spoilt: readonly JsonWebKey[] = [
    { ...jwk, alg: 'HS256' },
    { ...jwk, alg: 'ES256' },
    { ...jwk, use: 'enc' },
    { ...jwk, key_ops: ['sign'] },
    { ...jwk, crv: 'X25519' },
    { ...jwk, x: 'AAAA' },
    { kty: 'oct', k: String(jwk.x), kid: mine.kid },
  ]
  for (const each of spoilt) {
    const verifier = open(shownKeys(() => setOf(publicOf(world.key), each)).fetch)
    expect({ each, said: await verdictBy(verifier, signedBy(mine)) }).toEqual({ each, said: 'invalid_token' })
    expect(await verdictBy(verifier, world.token)).toBe('200')
  }
  const rsa = { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256', use: 'sig' }
  const short = open(shownKeys(() => setOf(publicOf(world.key), rsa)).fetch)
  const bySign = craft(
    { algorithm: 'RS256', signingKey: weak.privateKey },
    { ...world.header, alg: 'RS256', kid: 'weak' },
    world.claims,
  )
  expect(await verdictBy(short, bySign)).toBe('invalid_token')
  // A name that two keys share serves neither.
  const twice = open(shownKeys(() => setOf(publicOf(world.key), jwk, { ...publicOf(world.key), kid: mine.kid })).fetch)
  expect(await verdictBy(twice, signedBy(mine))).toBe('invalid_token')
  expect(await verdictBy(open(shownKeys(() => setOf(jwk, publicOf(world.key))).fetch), signedBy(mine))).toBe('200')
})

it('follows no redirect, and waits for no answer that does not come', async () => {
  const set = setOf(publicOf(world.key))
  const good = await listen((_request, answer) => answer.end(set))
  const elsewhere = await listen((_request, answer) => answer.writeHead(302, { location: good }).end())
  const silent = await listen(() => undefined)
  const dripping = await listen((_request, answer) => {
    answer.write(set.slice(0, 10))
  })
  const at = (jwksUrl: string, timeout = '100ms') =>
    createVerifier({ issuer: ISSUER, audience: AUDIENCE, clock: world.node.clock, jwksUrl, keys: { timeout } })
  expect(await verdictBy(at(good, '20s'), world.token)).toBe('200')
  expect(await verdictBy(at(elsewhere, '20s'), world.token)).toBe('unavailable')
  for (const url of [silent, dripping]) expect(await verdictBy(at(url), world.token)).toBe('unavailable')
})

it('refuses to be set up wrongly, and tells what is wrong without telling a secret', () => {
  const given = { issuer: ISSUER, audience: AUDIENCE }
  const wrong: readonly [Partial<VerifierOptions> & Record<string, unknown>, RegExp][] = [
    [{ issuer: '' }, /issuer/],
    [{ issuer: 'sallyport' }, /name jwksUrl/],
    [{ secret: 'tooshort-hunter2' }, /secret.*: expected 32 bytes/],
    [{ jwksUrl: 'file:///etc/passwd' }, /jwksUrl: expected an http/],
    [{ algorithms: ['HS256'] }, /algorithms/],
    [{ clockTolerance: '5' }, /clockTolerance: expected a duration/],
    [{ redis: { url: 'http://x' } }, /redis/],
    [{ audeince: 'x' }, /audeince/],
  ]
  for (const [options, message] of wrong) {
    const attempt = () => createVerifier({ ...given, ...options })
    expect(attempt).toThrow(message)
    expect(attempt).not.toThrow(/hunter2/)
  }
})

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  return `http://127.0.0.1:${address.port}/jwks.json`
}
