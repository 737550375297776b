import { bypassRoutes } from './features/bypass/bypass-routes.js'
import type { BypassService } from './features/bypass/bypass-service.js'
import { guestShortcut } from './features/guests/guest-door.js'
import { guestRoutes } from './features/guests/guest-routes.js'
import type { GuestService } from './features/guests/guest-service.js'
import { healthRoutes } from './features/health/health-routes.js'
import type { HealthService } from './features/health/health-service.js'
import type { InvitationService } from './features/invitations/invitation-service.js'
import { keyRoutes } from './features/keys/key-routes.js'
import type { Keyring } from './features/keys/key-service.js'
import { magicLinkRoutes } from './features/magic-link/magic-link-routes.js'
import type { MagicLinkService } from './features/magic-link/magic-link-service.js'
import { type MetricAccess, metricRoutes } from './features/metrics/metric-routes.js'
import type { MetricService } from './features/metrics/metric-service.js'
import { pageRoutes } from './features/pages/page-routes.js'
import type { PasswordChangeService } from './features/passwords/password-change-service.js'
import type { PasswordResetService } from './features/passwords/password-reset-service.js'
import { passwordRoutes } from './features/passwords/password-routes.js'
import type { PasswordService } from './features/passwords/password-service.js'
import { reauthenticationRoutes } from './features/reauthentication/reauthentication-routes.js'
import type { ReauthenticationService } from './features/reauthentication/reauthentication-service.js'
import { sessionRoutes } from './features/sessions/session-routes.js'
import type { SessionService } from './features/sessions/session-service.js'
import { forwardAuthDoor } from './features/tokens/token-forward-auth.js'
import { tokenRoutes } from './features/tokens/token-routes.js'
import type { TokenService } from './features/tokens/token-service.js'
import { meShortcut } from './features/users/user-door.js'
import { userRoutes } from './features/users/user-routes.js'
import type { Profile } from './features/users/user-types.js'
import { verificationRoutes } from './features/verification/verification-routes.js'
import type { VerificationService } from './features/verification/verification-service.js'
import type { Route } from './http/define-route.js'
import type { Door, Shortcut } from './http/door.js'

export interface RouteServices {
  readonly passwords: PasswordService
  readonly invitations: InvitationService
  readonly passwordChange: PasswordChangeService
  readonly passwordReset: PasswordResetService
  readonly tokens: TokenService
  readonly profile: Profile
  readonly verification: VerificationService
  readonly reauthentication: ReauthenticationService
  readonly sessions: SessionService
  readonly guests: GuestService
  /** Where the pages of `/auth/pages` lead on to when all is done. */
  readonly pagesLeadTo: string | null
  readonly health: HealthService
  readonly keyring: Keyring
  /** Null where no link signs in, with the cookie that links are bound to. */
  readonly magicLink: { readonly service: MagicLinkService; readonly cookieName: string } | null
  /** Null outside bypass mode, where its paths are paths like any other that is not there. */
  readonly bypass: BypassService | null
  /** Null where they are switched off. */
  readonly metrics: { readonly service: MetricService; readonly access: MetricAccess } | null
}

/** Every route, in the order of the URLs: the table of contents of the HTTP surface. */
export function allRoutes(services: RouteServices): readonly Route[] {
  const { bypass, magicLink, tokens, profile } = services
  return [
    ...passwordRoutes(services), // /auth/register, /auth/login, /auth/password
    ...(magicLink ? magicLinkRoutes(magicLink.service, magicLink.cookieName) : []), // /auth/magic-link
    ...tokenRoutes(services.tokens), // /auth/refresh, /auth/logout, /auth/csrf
    ...userRoutes(services.profile), // /auth/me, /users/me
    ...reauthenticationRoutes(services.reauthentication, profile), // /auth/reauthenticate
    ...verificationRoutes(services.verification, tokens), // /auth/email
    ...sessionRoutes(services.sessions), // /auth/sessions
    ...(bypass === null ? [] : bypassRoutes({ bypass, tokens, profile })), // /auth/login-bypass, me-, logout-
    ...pageRoutes(services.pagesLeadTo), // /auth/pages
    ...(services.guests.enabled ? guestRoutes(services.guests) : []), // /session
    ...keyRoutes(services.keyring), // /.well-known/jwks.json
    ...healthRoutes(services.health), // /health
    ...(services.metrics ? metricRoutes(services.metrics.service, services.metrics.access) : []), // /metrics
  ]
}

/** What is answered ahead of the router. @param sessionCookie the cookie that holds the access token */
export function allDoors(services: RouteServices, sessionCookie: string): readonly Door[] {
  return [
    forwardAuthDoor(services.tokens, sessionCookie), // /auth/verify
  ]
}

/** What memory may answer ahead of a route of above. @param sessionCookie as of `allDoors` */
export function allShortcuts({ profile, guests }: RouteServices, sessionCookie: string): readonly Shortcut[] {
  return [
    meShortcut(profile, sessionCookie), // /auth/me, /users/me
    ...(guests.enabled ? [guestShortcut(guests, sessionCookie)] : []), // /session/validate
  ]
}
