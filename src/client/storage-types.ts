import type { Session, User } from '../contract/api-types.js'

/** What is kept of a session: plain JSON. With cookies the tokens are absent. */
export interface StoredSession {
  readonly accessToken?: string | undefined
  /** Absent for guests. */
  readonly refreshToken?: string | undefined
  /** When it came, by the clock of this device, in milliseconds. Says nothing but how old it is. */
  readonly receivedAt: number
  /** Milliseconds from then until the access token ends; null where the server's clock could not be told. */
  readonly lifetime: number | null
  readonly user?: User | undefined
  readonly session?: Session | null | undefined
}

/** Where a session is kept. One of your own, such as the key chain of a phone, may answer later. */
export interface CredentialStorage {
  /** `cookie`: the browser keeps the tokens, and no script sees them. */
  readonly transport: 'bearer' | 'cookie'
  /** True where every tab of the origin finds the same. */
  readonly isShared: boolean
  /** @param name of the server and tenant that the session is of */
  load(name: string): StoredSession | null | Promise<StoredSession | null>
  save(name: string, session: StoredSession | null): void | Promise<void>
}
