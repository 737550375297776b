export type { Session, User, VerificationRequired } from '../contract/api-types.js'
export type { OperationId } from '../contract/operation-types.js'
export type { SocketHolder } from '../contract/socket-frames.js'
export { type ClientErrorCode, type ClientErrorOptions, SallyportClientError } from './client-error.js'
export type {
  AnswerOf,
  CallArguments,
  CallableId,
  CallOptions,
  Client,
  ClientEvent,
  ClientOptions,
  Fetch,
  InputOf,
  Loading,
  SessionPort,
  SessionState,
  SignedIn,
  SignedOut,
} from './client-types.js'
export { createClient } from './create-client.js'
export type {
  ApplicationFrame,
  ClientSocket,
  SocketConstructor,
  SocketEvent,
  SocketLike,
  SocketOptions,
} from './socket-types.js'
export type { CredentialStorage, StoredSession } from './storage-types.js'
export { cookieStorage, localStorageAdapter, memoryStorage } from './storages.js'
export type { KeyValues } from './surroundings.js'
