import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import type { TokenService } from '../tokens/token-service.js'

/** Where a token comes from. */
interface Origin {
  readonly client: ClientContext
  readonly tenantHeader: string | null
  /** The holder so far, where there is one. */
  readonly standing?: { readonly identity: Identity } | null
}

export interface Authentication {
  /**
   * Who holds the token, by the rules for requests. The token decides: a `user_id` beside it is a check and nothing
   * else, and whoever is connected already stays the same user, though perhaps with another session.
   * @throws SallyportError as `TokenService.authenticate`; `invalid_token` for somebody else than was said or is connected
   */
  check(asked: { readonly token: string; readonly userId: string | null }, from: Origin): Promise<Identity>
}

export function createAuthentication({
  tokens,
  demo,
}: {
  readonly tokens: TokenService
  /** Bypass: signs in whoever shows any token. */
  readonly demo: ((userId: string | null, client: ClientContext) => Promise<Identity>) | null
}): Authentication {
  /** What a JWT says is as old as the JWT; while the database is gone it has to do. */
  async function upToDate(identity: Identity): Promise<Identity> {
    try {
      return await tokens.upToDate(identity)
    } catch (error) {
      if (error instanceof SallyportError && error.status >= 500) return identity
      throw error
    }
  }

  async function identityOf(token: string, userId: string | null, { client, tenantHeader }: Origin): Promise<Identity> {
    try {
      const identity = await tokens.authenticate(token, tenantHeader, { client })
      return await upToDate(identity)
    } catch (error) {
      const isUnknown = error instanceof SallyportError && error.code === 'invalid_token'
      if (demo === null || !isUnknown) throw error
      return demo(userId, client)
    }
  }

  return {
    async check({ token, userId }, from) {
      const identity = await identityOf(token, userId, from)
      const isClaimed = userId === null || userId.toLowerCase() === identity.userId
      if (!isClaimed && demo === null) {
        throw new SallyportError('invalid_token', { detail: 'The token belongs to another user than `user_id` names.' })
      }
      const connected = from.standing?.identity.userId ?? identity.userId
      if (connected !== identity.userId) {
        throw new SallyportError('invalid_token', { detail: 'The token belongs to another user than the connection.' })
      }
      return identity
    },
  }
}
