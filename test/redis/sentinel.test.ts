import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectSignOutHeard } from '../verifier/over-redis.js'
import { openPair, readiness, signOut, signUp, signUpShared, statusOf, untilHeard, untilUsed } from './redis-nodes.js'
import { type RedisServer, startRedis, until } from './redis-server.js'

let master: RedisServer
let replica: RedisServer
let sentinels: readonly RedisServer[] = []

beforeAll(async () => {
  master = await startRedis()
  replica = await startRedis(`replicaof 127.0.0.1 ${master.port}`)
  const watch = [
    `sentinel monitor main 127.0.0.1 ${master.port} 2`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 2000',
  ]
  sentinels = await Promise.all([1, 2, 3].map(() => startRedis(...watch)))
  const knowsOthers = async (sentinel: RedisServer) => {
    const facts = (await sentinel.cli('sentinel', 'master', 'main')).split('\n')
    return facts[facts.indexOf('num-other-sentinels') + 1] === '2' && facts[facts.indexOf('num-slaves') + 1] === '1'
  }
  const knowEachOther = async () => (await Promise.all(sentinels.map(knowsOthers))).every(Boolean)
  await until(knowEachOther, 'the sentinels know each other')
})
afterAll(() => Promise.all([...sentinels, master, replica].map((server) => server.dispose())))

it('Sentinel: the successor of a dead master is found without a restart, and nobody is signed out or brought back', async () => {
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const { a, b } = await openPair(`redis+sentinel://${hosts}/main`)
  const anna = await signUpShared(a, async (sessionId) => (await master.cli('keys', `*${sessionId}`)) !== '')
  const [bert, carl] = [await signUp(a), await signUp(a)]
  await signOut(a, bert)
  await until(async () => (await statusOf(b, bert)) === 401, 'the other node has heard of it')

  await master.kill()
  expect(await statusOf(b, anna)).toBe(200)
  expect(await statusOf(b, bert)).toBe(401)
  await until(async () => (await replica.cli('role')).startsWith('master'), 'the replica has taken over')
  await Promise.all([untilUsed(a), untilUsed(b)])
  expect(await statusOf(b, anna)).toBe(200)
  expect(await statusOf(b, bert)).toBe(401)
  await untilHeard(replica, 2)
  await signOut(a, carl)
  await until(async () => (await statusOf(b, carl)) === 401, 'the other node has heard of it')
})

it('Sentinel: another service hears of a sign-out through whichever is the master by now', () =>
  expectSignOutHeard(`redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`))

it('Sentinel: a master by a name that nobody knows is told in readiness', async () => {
  const { a, b } = await openPair(`redis+sentinel://127.0.0.1:${sentinels[0]?.port}/other`)
  const anna = await signUp(a)
  expect(await statusOf(b, anna)).toBe(200)
  expect(await readiness(a)).toEqual({ status: 200, cache: 'failing' })
})
