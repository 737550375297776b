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
  // Whatever an application is asked for goes past them: nearly all of it begins otherwise.
  const beginnings = [...new Set(patterns.map(({ beginning }) => beginning))]

  function isBelow(path: string, base: string): boolean {
    return path.startsWith(base) && (path.length === base.length || path[base.length] === '/')
  }

  return (path) =>
    bases.some((base) => isBelow(path, base)) ||
    literals.has(path) ||
    (beginnings.some((beginning) => path.startsWith(beginning)) && patterns.some(({ whole }) => whole.test(path)))
}

function patternOf(template: string): { readonly beginning: string; readonly whole: RegExp } {
  const parts = template.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const beginning = template.slice(0, template.indexOf('{'))
  return { beginning, whole: new RegExp(`^${parts.join('[^/]+')}$`) }
}
