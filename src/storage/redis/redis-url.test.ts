import { describe, expect, it } from 'vitest'
import { parseRedisUrl } from './redis-url.js'

describe('redis.url', () => {
  it.each([
    ['redis://cache', 'single', [['cache', 6379]], false],
    ['redis://cache:7000/3', 'single', [['cache', 7000]], false],
    ['rediss://[::1]:7000', 'single', [['::1', 7000]], true],
    [
      'redis+sentinel://h1:1,h2/main',
      'sentinel',
      [
        ['h1', 1],
        ['h2', 26379],
      ],
      false,
    ],
    [
      'redis+cluster://h1:1,h2:2?tls=true',
      'cluster',
      [
        ['h1', 1],
        ['h2', 2],
      ],
      true,
    ],
  ])('%s', (url, kind, hosts, tls) => {
    const address = parseRedisUrl(url)
    expect(address).toMatchObject({ kind, tls, hosts: hosts.map(([host, port]) => ({ host, port })) })
  })

  it('names user, password, database, master and the credentials of the sentinels', () => {
    const url = 'redis+sentinel://app:p%40ss@h1:1/main/2?sentinel_username=watch&sentinel_password=dog'
    expect(parseRedisUrl(url)).toMatchObject({
      credentials: { username: 'app', password: 'p@ss' },
      master: 'main',
      database: 2,
      sentinelCredentials: { username: 'watch', password: 'dog' },
    })
    expect(parseRedisUrl('redis://:only@h').credentials).toEqual({ password: 'only' })
    // Not percent-encoded, as people write them.
    expect(parseRedisUrl('redis://u:a@b/c%@h').credentials).toEqual({ username: 'u', password: 'a@b/c%' })
  })

  it.each([
    ['redis://a:1,b:2', /several hosts/],
    ['redis+sentinel://:secret@a:1', /name of the master/],
    ['redis://a/x', /a database is a number/],
    ['redis+cluster://a:1/2', /one database/],
    ['redis://a:port', /name:port/],
    ['http://:secret@a', /expected redis:/],
  ])('%s is refused, and its password not shown', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrow(why)
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/)
  })
})
