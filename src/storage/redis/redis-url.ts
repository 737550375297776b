import { maskUrl } from '../../config/mask-url.js'

export interface RedisHost {
  readonly host: string
  readonly port: number
}

export interface RedisCredentials {
  readonly username?: string
  readonly password?: string
}

export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly hosts: readonly RedisHost[]
  readonly tls: boolean
  readonly credentials: RedisCredentials
  readonly database: number
  /** What the sentinels call the master. */
  readonly master: string
  readonly sentinelCredentials: RedisCredentials
}

const FORM =
  /^(redis|rediss|redis\+sentinel|redis\+cluster):\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>.*))?@)?(?<hosts>[^@/?#]+)(?<path>(?:\/[^?#]*)?)(?:\?(?<query>[^#]*))?$/i
const DEFAULT_PORT = { single: 6379, sentinel: 26379, cluster: 6379 } as const

/**
 * Reads `redis://`, `rediss://`, `redis+sentinel://h1:p1,h2:p2/master[/database]` and `redis+cluster://h1:p1,h2:p2`.
 * User and password are those of the data nodes; the query may say `tls=true`, and for sentinels that ask for
 * credentials `sentinel_username` and `sentinel_password`.
 * @throws Error that shows the url without its password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const refuse = (why: string) => new Error(`redis.url is ${JSON.stringify(maskUrl(url))}: ${why}`)
  const match = FORM.exec(url)
  const scheme = match?.[1]?.toLowerCase()
  const groups = match?.groups
  if (groups === undefined || scheme === undefined) {
    throw refuse('expected redis://, rediss://, redis+sentinel://h1:p1,h2:p2/master or redis+cluster://h1:p1,h2:p2')
  }
  const kind = scheme === 'redis+sentinel' ? 'sentinel' : scheme === 'redis+cluster' ? 'cluster' : 'single'
  const hosts = (groups['hosts'] ?? '').split(',').map((text) => parseHost(text, DEFAULT_PORT[kind]))
  if (hosts.some((host) => host === null)) throw refuse('a host is written as name:port')
  if (kind === 'single' && hosts.length > 1)
    throw refuse('several hosts are a redis+sentinel:// or redis+cluster:// URL')
  const path = (groups['path'] ?? '').split('/').filter((part) => part !== '')
  const master = kind === 'sentinel' ? path.shift() : ''
  if (master === undefined) throw refuse('the name of the master is missing: redis+sentinel://h1:p1,h2:p2/master')
  const database = Number(path.shift() ?? 0)
  if (!Number.isSafeInteger(database) || database < 0 || path.length > 0) throw refuse('a database is a number')
  if (kind === 'cluster' && database !== 0) throw refuse('a cluster has one database only')
  const query = new URLSearchParams(groups['query'] ?? '')
  return {
    kind,
    hosts: hosts.flatMap((host) => (host === null ? [] : [host])),
    tls: scheme === 'rediss' || query.get('tls') === 'true',
    credentials: credentials(decode(groups['user']), decode(groups['password'])),
    database,
    master: decode(master) ?? '',
    sentinelCredentials: credentials(query.get('sentinel_username'), query.get('sentinel_password')),
  }
}

function parseHost(text: string, port: number): RedisHost | null {
  const match = /^(?:\[(?<six>[\da-f:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/i.exec(text.trim())
  const host = match?.groups?.['six'] ?? match?.groups?.['name']
  if (host === undefined) return null
  return { host, port: Number(match?.groups?.['port'] ?? port) }
}

function credentials(username: string | null, password: string | null): RedisCredentials {
  return { ...(username && { username }), ...(password && { password }) }
}

/** Percent-decoded where it is well-formed, else as it stands: a password may hold a lone %. */
function decode(text: string | undefined): string | null {
  if (text === undefined) return null
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
