import { createHttpApp } from './http-app.js'
import type { HttpApp, HttpDependencies } from './http-app-types.js'

/**
 * The application of each listener. Where operators have a port of their own, what is theirs answers there and nowhere
 * else; without one the main application answers everything.
 */
export function createHttpApps(
  dependencies: HttpDependencies,
  hasAdminPort: boolean,
): { readonly app: HttpApp; readonly adminApp: HttpApp | null } {
  if (!hasAdminPort) return { app: createHttpApp(dependencies), adminApp: null }
  const routesOf = (listener: 'main' | 'admin') =>
    dependencies.routes.filter(({ listener: own = 'main' }) => own === listener || own === 'both')
  return {
    app: createHttpApp({ ...dependencies, routes: routesOf('main') }),
    adminApp: createHttpApp({ ...dependencies, routes: routesOf('admin'), doors: [] }),
  }
}
