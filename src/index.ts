export type {
  Account,
  CallContext,
  CheckStatus,
  GuestSignedIn,
  KeyInfo,
  PendingInvitation,
  Player,
  ProfileInput,
  PublicKey,
  Readiness,
  SessionSummary,
  SignedIn,
  SignedInSession,
  SignedInUser,
  ValidGuest,
} from './api-answers.js'
export type {
  Api,
  BypassApi,
  EmailApi,
  GuestsApi,
  InvitationsApi,
  KeysApi,
  LockoutSelection,
  LockoutSummary,
  LockoutsApi,
  MagicLinkApi,
  PasswordApi,
  SessionsApi,
  UsersApi,
} from './api-types.js'
export { type Auth, createAuth, type Surroundings } from './auth.js'
export type { ConfigInput } from './config/config.js'
export { ConfigError } from './config/config-error.js'
export type { AccessClaims } from './contract/access-claims.js'
export { ERROR_CODES, type ErrorCode, type FieldError } from './contract/error-codes.js'
export type { AuthMethod, Identity } from './contract/identity.js'
export type { Locale } from './contract/locale.js'
export { SallyportError } from './contract/sallyport-error.js'
export { MailFailure, type MailMessage, type MailTransport } from './delivery/mail-message.js'
export type { Admitted, Demand, GuardCall, Guarded, Host } from './http/host-types.js'
export type { Logger } from './runtime/logger.js'
