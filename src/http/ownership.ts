import type { Route } from './define-route.js'
import type { Door } from './door.js'
import type { HttpConfig } from './http-app-types.js'
import { pathsOf } from './router.js'

/**
 * Tells which paths, as they were sent, are answered here and not by the application around: everything below a base
 * path, so that no misspelt address of ours ends at somebody else's catch-all; beside those the exact ones alone.
 */
export function createOwnership(
  routes: readonly Route[],
  doors: readonly Door[],
  config: HttpConfig,
): (path: string) => boolean {
  const bases = config.server.basePaths.map((base) => base.replace(/\/$/, '')).filter((base) => base !== '')
  const templates = [
    ...routes.flatMap((route) => pathsOf(route, config)),
    ...doors.flatMap((door) => door.paths(config)),
  ]
  const literals = new Set(templates.filter((template) => !template.includes('{')))
  const patterns = templates.filter((template) => template.includes('{')).map(patternOf)

  function isBelow(path: string, base: string): boolean {
    return path.startsWith(base) && (path.length === base.length || path[base.length] === '/')
  }

  return (path) =>
    bases.some((base) => isBelow(path, base)) || literals.has(path) || patterns.some((pattern) => pattern.test(path))
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^/]+')}$`)
}
