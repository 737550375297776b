import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectSignOutHeard } from '../verifier/over-redis.js'
import { openPair, type Person, signOut, signUp, statusOf, untilUsed } from './redis-nodes.js'
import { freePort, type RedisServer, redisCli, startRedis, until } from './redis-server.js'

let masters: readonly RedisServer[] = []

beforeAll(async () => {
  masters = await Promise.all(
    [1, 2, 3].map(async () =>
      startRedis(
        'cluster-enabled yes',
        'cluster-config-file nodes.conf',
        'cluster-node-timeout 1000',
        'cluster-require-full-coverage no',
        `cluster-port ${await freePort()}`,
      ),
    ),
  )
  const addresses = masters.map(({ port }) => `127.0.0.1:${port}`)
  await redisCli('--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes')
  await until(async () => {
    const states = await Promise.all(masters.map((master) => master.cli('cluster', 'info')))
    return states.every((state) => state.includes('cluster_state:ok'))
  }, 'it serves')
})
afterAll(() => Promise.all(masters.map((server) => server.dispose())))

it('Cluster: sessions lie on every node, hints reach every listener, and a lost node signs nobody out', async () => {
  const hosts = masters.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const { a, b } = await openPair(`redis+cluster://${hosts}`)
  await Promise.all([untilUsed(a), untilUsed(b)])
  const people: Person[] = []
  const keysAt = async (master: RedisServer) =>
    (await master.cli('keys', 'sallyport:*')).split('\n').filter(Boolean).length
  await until(async () => {
    people.push(await signUp(a))
    return people.length >= 12 && Math.min(...(await Promise.all(masters.map(keysAt)))) > 0
  }, 'there are sessions on every node')
  for (const person of people) expect(await statusOf(b, person)).toBe(200)

  const [gone, late, ...others] = people
  if (gone === undefined || late === undefined) throw new Error('nobody is there')
  await signOut(a, gone)
  await until(async () => (await statusOf(b, gone)) === 401, 'the other node has heard of it')

  await masters[0]?.kill()
  for (const person of others) expect(await statusOf(b, person)).toBe(200)
  await signOut(a, late)
  await b.sync()
  expect(await statusOf(b, late)).toBe(401)
  expect(await statusOf(b, gone)).toBe(401)
  await masters[0]?.restart()
  await Promise.all([untilUsed(a), untilUsed(b)])
  for (const person of others) expect(await statusOf(b, person)).toBe(200)
  expect(await statusOf(b, gone)).toBe(401)
})

it('Cluster: another service hears of a sign-out, whichever node has the feed', () =>
  expectSignOutHeard(`redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`))
