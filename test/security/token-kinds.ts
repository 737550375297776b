import { expect } from 'vitest'
import { z } from 'zod'
import { createOneTimeTokenService } from '../../src/features/one-time-tokens/one-time-token-service.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { type BareNode, openNode } from '../flows/nodes.js'
import { newEmail, PASSWORD, post } from '../flows/people.js'

/** What a credential can be. A new kind is added here, and then wants an expectation at every route. */
export const KINDS = ['opaque access', 'JWT access', 'guest', 'refresh', 'one-time', 'CSRF', 'garbage'] as const
export type Kind = (typeof KINDS)[number]

/** Each kind that stands in the code by its prefix, with its kind here. */
export const PREFIXES: Readonly<Record<string, Kind>> = { sps_: 'opaque access', spr_: 'refresh', spt_: 'one-time' }

export type Purse = Readonly<Record<Kind, string>>

/** Two nodes over one database, one of each mode, so that somebody can hold every kind. */
export interface Bank {
  readonly stateful: BareNode
  readonly stateless: BareNode
  /** One of every kind, all genuine and of one new session, but for the guest, who has another. */
  purse(): Promise<Purse>
  close(): Promise<void>
}

const pair = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  user: z.looseObject({ id: z.string(), email: z.string(), tenant_id: z.string() }),
})

/** What a link in a mail would sign the same user in with. */
async function oneTimeToken(node: BareNode, user: z.output<typeof pair>['user']): Promise<string> {
  const room = createOneTimeTokenService(node)
  // Who proves an address that was not would end the sessions from before.
  await node.storage.db.updateTable('users').set({ email_verified: 1 }).where('id', '=', user.id).execute()
  const request = { purpose: 'magic_link', userId: user.id, email: user.email, lifetime: 900_000 } as const
  const { token } = await node.storage.transaction((tx) => room.issue(tx, oneTenant(user.tenant_id), request))
  return token
}

export async function openBank(url: string): Promise<Bank> {
  const stateful = await openNode({ url, auth: { mode: 'stateful', magicLink: true }, judged: false })
  const stateless = await openNode({ url, auth: { mode: 'stateless', magicLink: true }, judged: false })
  return {
    stateful,
    stateless,
    async purse() {
      const registered = await post(stateful, '/auth/register', { email: newEmail(), password: PASSWORD })
      const opaque = pair.parse(await registered.json())
      // The other mode's access token of the same session: what the middleware gives a browser.
      const cookie = `session_id=${opaque.access_token}`
      const converted = await stateless.request('/auth/me', { headers: { cookie } })
      const jwt = /^session_id=([^;]+)/.exec(converted.headers.getSetCookie()[0] ?? '')?.[1] ?? ''
      expect(jwt).toMatch(/^ey/)
      const csrf = await stateful.request('/auth/csrf', { headers: { cookie } })
      const { csrf_token } = z.object({ csrf_token: z.string() }).parse(await csrf.json())
      const came = await stateful.request('/session', { method: 'POST' })
      const { token: guest } = z.looseObject({ token: z.string() }).parse(await came.json())
      return {
        guest,
        'opaque access': opaque.access_token,
        'JWT access': jwt,
        refresh: opaque.refresh_token,
        'one-time': await oneTimeToken(stateful, opaque.user),
        CSRF: csrf_token,
        garbage: `spx_${'A'.repeat(100)}`,
      }
    },
    async close() {
      await stateful.close()
      await stateless.close()
    },
  }
}
