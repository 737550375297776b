export type {
  Account,
  Api,
  BypassApi,
  CallContext,
  CheckStatus,
  GuestSignedIn,
  GuestsApi,
  KeyInfo,
  KeysApi,
  LockoutSelection,
  LockoutSummary,
  LockoutsApi,
  Player,
  PublicKey,
  Readiness,
  SessionSummary,
  SessionsApi,
  SignedIn,
  SignedInSession,
  SignedInUser,
  UsersApi,
  ValidGuest,
} from './api-types.js'
export { type Auth, createAuth, type Surroundings } from './auth.js'
export type { ConfigInput } from './config/config.js'
export { ConfigError } from './config/config-error.js'
export { ERROR_CODES, type ErrorCode, type FieldError } from './contract/error-codes.js'
export type { AuthMethod, Identity } from './contract/identity.js'
export { SallyportError } from './contract/sallyport-error.js'
export type { Logger } from './runtime/logger.js'
