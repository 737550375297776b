import type { HttpConfig } from './http-app-types.js'

const HOST = /^[A-Za-z0-9.\-_:[\]]+$/

/** Which browser origins may act on somebody's behalf. */
export interface OriginPolicy {
  /** Exact origins of `server.cors.origins`: they may also read answers. */
  readonly readers: ReadonlySet<string>
  /** True for the site's own origin and for the readers. */
  isListed(origin: string): boolean
  /** True where the origin is listed, or where there is no `public_url` and it names the very host that was asked. */
  isAllowed(origin: string, host: string | null): boolean
}

export function createOriginPolicy(config: HttpConfig): OriginPolicy {
  const { publicUrl, cors } = config.server
  const readers = new Set(cors.origins.map((origin) => new URL(origin).origin))
  const own = publicUrl === null ? null : new URL(publicUrl).origin
  const isListed = (origin: string) => origin === own || readers.has(origin)
  return {
    readers,
    isListed,
    isAllowed: (origin, host) => {
      const parsed = parseOrigin(origin)
      if (parsed === null) return false
      return isListed(parsed.origin) || (own === null && host !== null && isSameHost(parsed, host))
    },
  }
}

// Only the exact text that a browser writes: `null`, a path, user information or another spelling is refused.
function parseOrigin(text: string): URL | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
  return isWeb && url.origin === text ? url : null
}

function isSameHost(origin: URL, host: string): boolean {
  const url = `${origin.protocol}//${host}`
  return HOST.test(host) && URL.canParse(url) && new URL(url).host === origin.host
}
