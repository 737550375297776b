import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { feedKey } from '../../src/storage/shared-feed.js'
import type { Verifier, VerifierOptions } from '../../src/verifier/index.js'
import { emptyPostgresDatabase, type TestDatabase } from '../databases/test-database.js'
import { type BareNode, type NodeOptions, openNode } from '../flows/nodes.js'
import { bearer, post } from '../flows/people.js'
import { type JwtAnswer, jwtNewcomer, jwtTokensOf } from '../flows/token-holders.js'
import { type RedisServer, startRedis, until } from '../redis/redis-server.js'
import { AUDIENCE, ISSUER } from '../security/jwt-world.js'
import { verdictBy, verifierOf } from './local-verifier.js'

const STALENESS = 5_000

let database: TestDatabase
let redis: RedisServer
let nodes: BareNode[]
const clock = new ManualClock()

const open = (options: NodeOptions = {}) =>
  openNode({
    ...{ url: database.url, redis: redis.url, clock, ...options },
    // Heard by hints in any case; a sign of life five times a second saves the tests their time.
    auth: {
      mode: 'stateless',
      jwt: { issuer: ISSUER, audience: AUDIENCE },
      revocation: { maxStaleness: 400 },
      ...options.auth,
    },
  })
beforeAll(async () => {
  ;[database, redis] = await Promise.all([emptyPostgresDatabase(), startRedis()])
  nodes = [await open(), await open()]
})
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()))
  await Promise.all([redis.dispose(), database.remove()])
})

const [first, second] = [() => nodes[0] ?? missing(), () => nodes[1] ?? missing()]

function missing(): never {
  throw new Error('there is no node')
}

/** One that has heard of everything so far. */
async function listener(options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  const verifier = verifierOf(second(), { redis: { url: redis.url }, ...options })
  onTestFinished(() => verifier.close())
  await verifier.ready()
  return verifier
}

const untilSaid = (verifier: Verifier, token: string, verdict: string) =>
  until(async () => (await verdictBy(verifier, token)) === verdict, `the verifier says ${verdict}`)

async function signOut({ access_token: token }: JwtAnswer): Promise<void> {
  const answer = await first().request('/auth/logout', { method: 'POST', headers: bearer(token) })
  expect(answer.status).toBe(204)
}

async function rename({ access_token }: JwtAnswer, username: string): Promise<void> {
  const answer = await first().request('/auth/me', {
    method: 'PATCH',
    headers: { ...bearer(access_token), 'content-type': 'application/json' },
    body: JSON.stringify({ username }),
  })
  expect(answer.status).toBe(200)
}

async function refreshed({ refresh_token }: JwtAnswer): Promise<JwtAnswer> {
  return jwtTokensOf(await post(first(), '/auth/refresh', { refresh_token }))
}

// ASVS 7.4.1, 7.4.2
describe('A verifier that hears of revocations', () => {
  it('refuses what was ended at any node, and nobody else', async () => {
    const verifier = await listener()
    const [anna, bert, carl] = [await jwtNewcomer(first()), await jwtNewcomer(second()), await jwtNewcomer(first())]
    for (const { access_token } of [anna, bert, carl]) expect(await verdictBy(verifier, access_token)).toBe('200')
    await signOut(anna)
    await untilSaid(verifier, anna.access_token, 'session_revoked')
    await first().api.users.disable(bert.user_id)
    await untilSaid(verifier, bert.access_token, 'session_revoked')
    expect(await verdictBy(verifier, carl.access_token)).toBe('200')
    // One that starts later knows as much, from its first answer on.
    const late = await listener()
    for (const { access_token } of [anna, bert]) expect(await verdictBy(late, access_token)).toBe('session_revoked')
    expect(await verdictBy(late, carl.access_token)).toBe('200')
  })

  it('asks for a new token where the account has changed, and honours that one at once', async () => {
    const verifier = await listener()
    const anna = await jwtNewcomer(first())
    expect((await verifier.verify(anna.access_token)).username).toBe(anna.user.username)
    await rename(anna, 'renamed')
    await untilSaid(verifier, anna.access_token, 'token_expired')
    const next = await refreshed(anna)
    expect((await verifier.verify(next.access_token)).username).toBe('renamed')
    expect(await verdictBy(await listener(), next.access_token)).toBe('200')
    // A token may come sooner than the word of the change that it tells already.
    let latest = next
    for (let round = 0; round < 10; round++) {
      await rename(latest, `renamed-${round}`)
      latest = await refreshed(latest)
      expect((await verifier.verify(latest.access_token)).username).toBe(`renamed-${round}`)
    }
  })

  it('fetches the keys as soon as they have changed', async () => {
    let fetched = 0
    const fetch = (url: string) => {
      fetched++
      return second().request(new URL(url).pathname)
    }
    await listener({ fetch, keys: { coolDown: '1ms' } })
    const before = fetched
    clock.advance(2)
    await first().keyring.rotate('signing', null)
    await until(() => fetched > before, 'the keys are fetched')
  })

  it('goes on by what it knows when Redis is flushed, and one that starts then is told everything again', async () => {
    const verifier = await listener()
    const [anna, carl] = [await jwtNewcomer(first()), await jwtNewcomer(first())]
    await signOut(anna)
    await untilSaid(verifier, anna.access_token, 'session_revoked')
    await redis.cli('flushall')
    expect(await verdictBy(verifier, anna.access_token)).toBe('session_revoked')
    const late = await listener()
    for (const each of [verifier, late]) {
      expect(await verdictBy(each, anna.access_token)).toBe('session_revoked')
      expect(await verdictBy(each, carl.access_token)).toBe('200')
    }
  })

  it('is not deceived by an old dump, whether it was there before or starts on it', async () => {
    const verifier = await listener()
    const [anna, carl] = [await jwtNewcomer(first()), await jwtNewcomer(first())]
    const putBack = await redis.dump()
    await signOut(anna)
    await untilSaid(verifier, anna.access_token, 'session_revoked')
    await redis.kill()
    putBack()
    await redis.restart()
    const late = await listener()
    for (const each of [verifier, late]) {
      expect(await verdictBy(each, anna.access_token)).toBe('session_revoked')
      expect(await verdictBy(each, carl.access_token)).toBe('200')
    }
    await until(() => verifier.status().feed?.failure === null, 'Redis is read again')
  })

  it('is told everything again where the clock of Redis leaps, and takes away what still matters', async () => {
    const issuer = 'https://alone.example'
    const alone = await open({
      auth: { jwt: { issuer, audience: AUDIENCE }, mode: 'stateless', revocation: { maxStaleness: 400 } },
    })
    onTestFinished(() => alone.close())
    const anna = await jwtNewcomer(alone)
    const before = await listener({ issuer })
    expect((await alone.request('/auth/logout', { method: 'POST', headers: bearer(anna.access_token) })).status).toBe(
      204,
    )
    await untilSaid(before, anna.access_token, 'session_revoked')
    const leap = Date.now() + 30 * 60_000
    const key = feedKey(issuer)
    await redis.cli('xadd', key, `${leap}-0`, 'd', 'nobody', 'e', 'x', 'l', '900000', 'k', '1500000')
    await until(async () => {
      const [oldest = '0'] = (await redis.cli('xrange', key, '-', '+', 'count', '1')).split('-')
      return Number(oldest) >= leap
    }, 'what was there before the leap is gone')
    const late = await listener({ issuer })
    expect(await verdictBy(late, anna.access_token)).toBe('session_revoked')
  })

  it('refuses everybody once Redis has been silent for too long, or goes on, as it is told to', async () => {
    const notices: string[] = []
    const strict = await listener({ onNotice: (notice) => notices.push(notice) })
    const onNotice = () => {
      throw new Error('nobody may be stopped by this')
    }
    const lenient = await listener({ onOutage: 'continue', onNotice })
    const [anna, carl] = [await jwtNewcomer(first()), await jwtNewcomer(first())]
    await signOut(anna)
    for (const each of [strict, lenient]) await untilSaid(each, anna.access_token, 'session_revoked')
    await redis.kill()
    for (const { status } of [strict, lenient])
      await until(() => status().feed?.failure !== null, 'the loss is noticed')
    expect(await verdictBy(strict, carl.access_token)).toBe('200')
    clock.advance(STALENESS)
    expect(await verdictBy(strict, carl.access_token)).toBe('unavailable')
    expect(strict.status()).toMatchObject({ isReady: false, feed: { isHeard: false } })
    expect(await verdictBy(lenient, carl.access_token)).toBe('200')
    expect(await verdictBy(lenient, anna.access_token)).toBe('session_revoked')
    // What is ended meanwhile is told afterwards.
    await signOut(carl)
    await redis.restart()
    for (const each of [strict, lenient]) {
      await until(() => each.status().feed?.isHeard === true, 'the feed is heard again')
      await untilSaid(each, carl.access_token, 'session_revoked')
    }
    expect(notices).toEqual([
      expect.stringContaining('Revocations are not heard through Redis: '),
      'Revocations are heard through Redis again.',
    ])
  })

  it('believes nothing while its clock and that of the database are far apart, as after a sleep of the machine', async () => {
    let ahead = 0
    const verifier = await listener({ clock: { now: () => clock.now() + ahead, controlled: false } })
    const { access_token: token } = await jwtNewcomer(first())
    expect(await verdictBy(verifier, token)).toBe('200')
    ahead = STALENESS
    await untilSaid(verifier, token, '200')
    ahead = 60_000
    expect(await verdictBy(verifier, token)).toBe('unavailable')
    ahead = 0
    await untilSaid(verifier, token, '200')
  })

  it('needs one node that goes on; without any it knows that it hears nothing', async () => {
    const verifier = await listener()
    const anna = await jwtNewcomer(first())
    const carl = await jwtNewcomer(first())
    await signOut(anna)
    await Promise.all(nodes.splice(0).map((node) => node.close()))
    clock.advance(STALENESS)
    expect(await verdictBy(verifier, carl.access_token)).toBe('unavailable')
    // Nothing is left of what those had told.
    await redis.cli('flushall')
    nodes.push(await open(), await open())
    await until(() => verifier.status().feed?.isHeard === true, 'a new node tells')
    const late = await listener()
    for (const each of [verifier, late]) {
      expect(await verdictBy(each, anna.access_token)).toBe('session_revoked')
      expect(await verdictBy(each, carl.access_token)).toBe('200')
    }
  })

  it('needs no more than to read, and keeps its hands off what is not for it', async () => {
    const rights = ['%R~sallyport:feed:*', '+xread', '+xrange', '+xrevrange', '+hello', '+client|setname']
    expect(await redis.cli('acl', 'setuser', 'reader', 'on', '>secret', ...rights)).toBe('OK')
    const verifier = await listener({ redis: { url: redis.url.replace('//', '//reader:secret@') } })
    const anna = await jwtNewcomer(first())
    await signOut(anna)
    await untilSaid(verifier, anna.access_token, 'session_revoked')
  })
})
