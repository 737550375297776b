import { createHash, randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { Clock } from '../../runtime/clock.js'
import { uuidv7 } from '../../runtime/ids.js'
import type { Storage } from '../../storage/storage.js'
import type { Tables } from '../../storage/tables.js'
import { allTenants, type OneTenant, oneTenant, type TenantScope } from '../../storage/tenant-scope.js'
import {
  deleteEndedTokens,
  deleteToken,
  deleteTokensOf,
  deleteTokensSince,
  findToken,
  hasExpired,
  insertToken,
  listTokens,
  lockOwner,
  takeToken,
} from './one-time-token-store.js'
import {
  type IssuedToken,
  type KeptToken,
  OUTLIVING,
  type Purpose,
  ruleOf,
  type TokenRequest,
} from './one-time-token-types.js'

/**
 * Tokens that prove something once: that a mail was read. The table holds their SHA-256, by which one is found: what a
 * look-up takes tells nothing of the token. Events are recorded by who issues and spends.
 */
export interface OneTimeTokenService {
  /**
   * `spt_` and 256 random bits. Ends earlier ones of the same purpose where its rule says so.
   * For a decoy the statements are the same, and the token that comes back opens nothing.
   */
  issue(tx: Transaction<Tables>, scope: OneTenant, request: TokenRequest): Promise<IssuedToken>
  /**
   * Spends a token in the caller's transaction, with the others of its purpose and owner; a rollback gives them back.
   * Null for one that is unknown, expired, spent, of another purpose or tenant, or whose account has moved on: another
   * credential version, another address, gone.
   */
  spend(tx: Transaction<Tables>, purpose: Purpose, token: string, scope?: TenantScope): Promise<KeptToken | null>
  /** What `spend` would give now, and spends nothing. */
  peek(purpose: Purpose, token: string, scope?: TenantScope): Promise<KeptToken | null>
  /** Why `spend` gave null: `token_expired` where it is known to have been good, else `invalid_token`. */
  refusal(tx: Transaction<Tables> | null, purpose: Purpose, token: string, scope?: TenantScope): Promise<SallyportError>
  /** Ends what somebody was sent; by default of all purposes but those that outlive the credentials. */
  endAll(tx: Transaction<Tables>, scope: OneTenant, userId: string, purposes?: readonly Purpose[]): Promise<void>
  /** Ends what somebody was sent of one purpose since a time of the database. */
  endSince(tx: Transaction<Tables>, scope: OneTenant, userId: string, purpose: Purpose, since: number): Promise<void>
  /** What can still be used. Pages of at most 200, in order of creation. */
  list(
    scope: TenantScope,
    purpose: Purpose,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly KeptToken[]; readonly nextCursor: string | null }>
  /** Ends one by its id. Null where there is none. */
  revoke(tx: Transaction<Tables>, scope: TenantScope, purpose: Purpose, id: string): Promise<KeptToken | null>
  /** Deletes one batch of what ended long ago, and returns how many went. */
  cleanUp(): Promise<number>
}

const PREFIX = 'spt_'
const BYTES = 32
/** What has expired stays this long, so that who comes late is told so. */
const KEEP_EXPIRED = 24 * 3_600_000
const CLEAN_UP_BATCH = 500
const LONGEST_PAGE = 200

export function createOneTimeTokenService(parts: {
  readonly storage: Storage
  readonly clock: Clock
}): OneTimeTokenService {
  const { storage, clock } = parts
  return {
    async issue(tx, scope, request) {
      const { purpose, userId, email } = request
      const { isAlone, withoutUser } = ruleOf(purpose)
      if (isAlone) await deleteTokensOf(scope, tx, userId === null ? { email } : { userId }, [purpose])
      const id = uuidv7(clock.now())
      const token = newToken()
      const isDecoy = userId === null && !withoutUser
      const digest = digestOf(isDecoy ? newToken() : token)
      return { id, token, ...(await insertToken(scope, tx, storage, { ...request, id, digest })) }
    },
    async spend(tx, purpose, token, scope = allTenants()) {
      const digest = digestOf(token)
      await lockOwner(scope, tx, storage, digest)
      const spent = await takeToken(scope, tx, storage, purpose, digest)
      if (spent === null) return null
      const { tenantId, userId, email } = spent
      const holder = userId === null ? { email } : { userId }
      if (!OUTLIVING.includes(purpose)) await deleteTokensOf(oneTenant(tenantId), tx, holder, [purpose])
      return spent
    },
    peek: (purpose, token, scope = allTenants()) => findToken(scope, storage.db, storage, purpose, digestOf(token)),
    async refusal(tx, purpose, token, scope = allTenants()) {
      const expired = await hasExpired(scope, tx ?? storage.db, storage, purpose, digestOf(token))
      return new SallyportError(expired ? 'token_expired' : 'invalid_token', {
        detail: expired ? 'The link has expired. Ask for another one.' : 'The link is not valid, or was used before.',
      })
    },
    endSince: (tx, scope, userId, purpose, since) => deleteTokensSince(scope, tx, userId, purpose, since),
    endAll: (tx, scope, userId, purposes) => deleteTokensOf(scope, tx, { userId }, purposes ?? null),
    async list(scope, purpose, { cursor, limit }) {
      const size = Math.min(Math.max(1, limit), LONGEST_PAGE)
      const found = await listTokens(scope, storage.db, storage, purpose, { after: cursor, limit: size + 1 })
      const items = found.slice(0, size)
      return { items, nextCursor: found.length > size ? (items.at(-1)?.id ?? null) : null }
    },
    revoke: (tx, scope, purpose, id) => deleteToken(scope, tx, purpose, id),
    cleanUp: () => deleteEndedTokens(allTenants(), storage.db, storage, { keep: KEEP_EXPIRED, limit: CLEAN_UP_BATCH }),
  }
}

function newToken(): string {
  return PREFIX + randomBytes(BYTES).toString('base64url')
}

/** Of the text as it came: another spelling of the same bits is another token. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
