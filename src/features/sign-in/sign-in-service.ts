import type { Transaction } from 'kysely'
import type { AuthMethod, ClientContext } from '../../contract/identity.js'
import type { Tables } from '../../storage/tables.js'
import type { OneTenant } from '../../storage/tenant-scope.js'
import type { RecordEvent } from '../audit/audit-types.js'
import type { Keyring } from '../keys/key-service.js'
import type { SessionService } from '../sessions/session-service.js'
import type { TokenService } from '../tokens/token-service.js'
import type { IssuedTokens } from '../tokens/token-types.js'

/** Somebody who has proved who they are. */
export interface ProvenUser {
  readonly userId: string
  /** Of the credentials that were checked: if the account has moved on, there is no sign-in. */
  readonly credentialVersion: number
  readonly methods: readonly AuthMethod[]
  readonly remember: boolean
  readonly client: ClientContext
}

/** The one exit of every way of signing in: always a new session, recorded in the transaction that opens it. */
export interface SignInService {
  /** Opens the session in the caller's transaction. Returns its id, or null where the account moved on meanwhile. */
  open(scope: OneTenant, tx: Transaction<Tables>, record: RecordEvent, user: ProvenUser): Promise<string | null>
  /** The tokens of a session that was opened, once its transaction is committed. */
  finish(scope: OneTenant, sessionId: string): Promise<IssuedTokens>
}

export function createSignInService(parts: {
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly keyring: Keyring
}): SignInService {
  const { sessions, tokens, keyring } = parts
  return {
    async open(scope, tx, record, user) {
      const sessionId = await sessions.open(scope, tx, record, { ...user, keyId: keyring.activeSessionKey().id })
      if (sessionId === null) return null
      await record({
        type: 'login.succeeded',
        tenantId: scope.tenantId,
        actorId: user.userId,
        userId: user.userId,
        sessionId,
        client: user.client,
        data: { methods: user.methods.join(' ') },
      })
      return sessionId
    },
    async finish(scope, sessionId) {
      const found = await sessions.find(scope, sessionId)
      if (found === null) throw new Error('a session that was just committed is not there')
      return tokens.issue(found)
    },
  }
}
