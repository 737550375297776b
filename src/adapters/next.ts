export { type ActionOutcome, type ActionRequest, authorizeAction, callFromAction } from './next-action.js'
export type { ReadableHeaders } from './next-call.js'
export {
  getClaims,
  getIdentity,
  getSession,
  getTenantId,
  getUserId,
  isJwtMode,
  mustGetClaims,
  mustGetIdentity,
  mustGetSession,
  mustGetTenantId,
  mustGetUserId,
  type Question,
} from './next-context.js'
export type { WritableCookies } from './next-cookies.js'
export { guardPages, type NextResponses, type PageOptions } from './next-proxy.js'
export { safeReturnPath, signInPath } from './next-return-path.js'
export {
  optionalAuth,
  type RouteGuard,
  type RouteGuardOptions,
  refusals,
  requireAuth,
  requirePermission,
  requireRole,
  sallyport,
} from './next-route.js'
export { type AuthSource, sharedAuth } from './next-shared-auth.js'
export type { RequestSession } from './request-context.js'
