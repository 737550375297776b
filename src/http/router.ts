import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import type { Route } from './define-route.js'
import type { HttpConfig } from './http-app-types.js'

export type Match =
  | { readonly kind: 'found'; readonly route: Route; readonly template: string; readonly params: Params }
  | { readonly kind: 'wrong_method'; readonly allow: readonly string[] }
  | { readonly kind: 'not_found' }

type Params = Readonly<Record<string, string>>

const NONE: Params = {}

interface Place {
  readonly template: string
  readonly routes: Map<string, Route>
}

/** The paths of a route: under every base path, or as it is written. */
export function pathsOf(route: Pick<Route, 'base' | 'path'>, config: HttpConfig): string[] {
  if (route.base === 'root') return [route.path]
  return config.server.basePaths.map((base) => base.replace(/\/$/, '') + route.path)
}

/**
 * Finds the route of a path as it was sent, undecoded: another spelling of a path (an escape, a slash more, upper
 * case, `;x=1`) is another path, so that no proxy or limit in front can be made to see a different one.
 */
export function createRouter(routes: readonly Route[], config: HttpConfig): (method: string, path: string) => Match {
  const places = new Map<string, Place>()
  for (const route of routes) {
    for (const template of pathsOf(route, config)) {
      const place = places.get(template) ?? { template, routes: new Map() }
      if (place.routes.has(route.method)) throw new Error(`${route.method} ${template} is declared twice`)
      place.routes.set(route.method, route)
      places.set(template, place)
    }
  }
  const literals = new Map([...places].filter(([template]) => parameters(template) === 0))
  const router = new SmartRouter<Place>({ routers: [new RegExpRouter(), new TrieRouter()] })
  // A literal path wins over one with a parameter in the same place.
  const ordered = [...places.values()].sort((a, b) => parameters(a.template) - parameters(b.template))
  for (const place of ordered) router.add('GET', place.template.replace(/\{(\w+)\}/g, ':$1'), place)

  return (method, path) => {
    const wanted = method === 'HEAD' ? 'GET' : method
    const literal = literals.get(path)?.routes.get(wanted)
    if (literal) return { kind: 'found', route: literal, template: path, params: NONE }
    const matched = matches(router, path)
    for (const [place, raw] of matched) {
      const route = place.routes.get(wanted)
      if (!route) continue
      const params = decodeParams(raw)
      return params ? { kind: 'found', route, template: place.template, params } : { kind: 'not_found' }
    }
    return matched.length === 0 ? { kind: 'not_found' } : { kind: 'wrong_method', allow: allowed(matched) }
  }
}

function matches(router: SmartRouter<Place>, path: string): [Place, Params][] {
  const [found, stash] = router.match('GET', path)
  return found.map(([place, params]) => {
    const entries = Object.entries(params).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : (stash?.[value] ?? ''),
    ])
    return [place, Object.fromEntries(entries)]
  })
}

// A slash hidden in an escape would be one segment here and two for whoever is in front.
function decodeParams(raw: Params): Params | null {
  const decoded: [string, string][] = []
  for (const [name, value] of Object.entries(raw)) {
    try {
      decoded.push([name, decodeURIComponent(value)])
    } catch {
      return null
    }
  }
  return decoded.some(([, value]) => /[/\\\0]/.test(value)) ? null : Object.fromEntries(decoded)
}

function allowed(matched: readonly [Place, Params][]): string[] {
  const methods = new Set(matched.flatMap(([place]) => [...place.routes.keys()]))
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods.add('OPTIONS')].sort()
}

function parameters(template: string): number {
  return template.split('{').length - 1
}
