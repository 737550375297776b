import { afterAll, expect, it } from 'vitest'
import { createOneTimeTokenService } from '../../src/features/one-time-tokens/one-time-token-service.js'
import type { Purpose, TokenRequest } from '../../src/features/one-time-tokens/one-time-token-types.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { allTenants, oneTenant, type TenantScope } from '../../src/storage/tenant-scope.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { type BareNode, openNode, openNodeOfTest } from './nodes.js'
import { newcomer, newEmail } from './people.js'

const MINUTE = 60_000
const HOME = oneTenant(DEFAULT_TENANT_ID)
const OTHER = oneTenant('019b0000-0000-7000-8000-0000000000aa')
const OF_ACCOUNTS = ['password_reset', 'email_verification', 'magic_link', 'email_change'] as const

/** One node for the tests of a suite, with the room itself in reach, and an account for each of them. */
function worldOf(stage: Stage) {
  let opened: Promise<BareNode> | undefined
  afterAll(async () => (await opened)?.close())
  return async () => {
    opened ??= openNode({ url: stage.url() })
    const node = await opened
    const room = roomOf(node)
    const { email, user_id: userId } = await newcomer(node)
    const issue = (request: Partial<TokenRequest> & { readonly purpose: Purpose }) =>
      node.storage.transaction((tx) => room.issue(tx, HOME, { userId, email, lifetime: 15 * MINUTE, ...request }))
    const spend = (purpose: Purpose, token: string, scope: TenantScope = allTenants()) =>
      node.storage.transaction((tx) => room.spend(tx, purpose, token, scope))
    return { node, room, email, userId, issue, spend }
  }
}

function roomOf({ storage, clock }: BareNode) {
  return createOneTimeTokenService({ storage, clock })
}

// ASVS 7.2.2, 7.2.3
describeEachAuth('A one-time token', (stage) => {
  const world = worldOf(stage)

  it.each([...OF_ACCOUNTS, 'invitation'] as const)(
    '%s: is good once, and brings back what it was made for',
    async (purpose) => {
      const { issue, spend, userId, email } = await world()
      const { token, expiresAt, id } = await issue({ purpose, data: { role: 'editor' } })
      expect(token).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
      const spent = await spend(purpose, token)
      expect(spent).toMatchObject({
        id,
        tenantId: DEFAULT_TENANT_ID,
        userId,
        email,
        data: { role: 'editor' },
        expiresAt,
      })
      expect(await spend(purpose, token)).toBeNull()
    },
  )

  it('is nowhere in the database', async () => {
    const { issue, node } = await world()
    const { token } = await issue({ purpose: 'password_reset' })
    const rows = JSON.stringify(await node.storage.db.selectFrom('one_time_tokens').selectAll().execute())
    expect(rows).not.toContain(token.slice(4))
    expect(rows).not.toContain(token)
  })

  it('outlives a restart of the server, and is good on any node', async () => {
    const { issue } = await world()
    const { token } = await issue({ purpose: 'magic_link' })
    const next = await openNodeOfTest({ url: stage.url() })
    const spent = await next.storage.transaction((tx) => roomOf(next).spend(tx, 'magic_link', token))
    expect(spent).not.toBeNull()
  })

  it('is given back where the transaction that spent it comes to nothing', async () => {
    const { issue, spend, node, room } = await world()
    const { token } = await issue({ purpose: 'password_reset' })
    const undone = node.storage.transaction(async (tx) => {
      expect(await room.spend(tx, 'password_reset', token)).not.toBeNull()
      throw new Error('refused after all')
    })
    await expect(undone).rejects.toThrow('refused after all')
    expect(await spend('password_reset', token)).not.toBeNull()
  })

  it('is over at its end and not before, and who comes late is told so for a day', async () => {
    const { issue, spend, node, room } = await world()
    const [early, late] = [await issue({ purpose: 'magic_link' }), await issue({ purpose: 'password_reset' })]
    node.clock.advance(15 * MINUTE - 1)
    expect(await spend('magic_link', early.token)).not.toBeNull()
    node.clock.advance(1)
    expect(await spend('password_reset', late.token)).toBeNull()
    const refused = async () => (await room.refusal(null, 'password_reset', late.token)).code
    expect(await refused()).toBe('token_expired')
    expect((await room.refusal(null, 'magic_link', late.token)).code).toBe('invalid_token')
    expect((await room.refusal(null, 'password_reset', late.token, OTHER)).code).toBe('invalid_token')
    node.clock.advance(23 * 3_600_000)
    await node.cleanUp()
    expect(await refused()).toBe('token_expired')
    node.clock.advance(2 * 3_600_000)
    await node.cleanUp()
    expect(await refused()).toBe('invalid_token')
  })

  it.each([
    ['nothing', ''],
    ['a wildcard', '%'],
    ['another wildcard', 'spt_*'],
    ['NUL', 'spt_\0'],
    ['a prefix alone', 'spt_'],
    ['text that would be code', "' or 1=1 --"],
    ['a lone surrogate', '\ud800'],
  ])('is not %s', async (_, text) => {
    const { issue, spend } = await world()
    const { token } = await issue({ purpose: 'magic_link' })
    expect(await spend('magic_link', text)).toBeNull()
    expect(await spend('magic_link', token)).not.toBeNull()
  })

  it('has one spelling', async () => {
    const { issue, spend } = await world()
    const { token } = await issue({ purpose: 'magic_link' })
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(token.at(-1) ?? '')
    const sibling = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last ^ 1]
    const spellings = [
      token.toUpperCase(),
      token.toLowerCase(),
      token.slice(0, -1),
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${token}\0`,
      token.slice(4),
      `${token.slice(0, -1)}${sibling}`,
    ]
    for (const spelling of spellings) expect(await spend('magic_link', spelling)).toBeNull()
    expect(await spend('magic_link', token)).not.toBeNull()
  })

  it('is good for no other purpose and in no other tenant', async () => {
    const { issue, spend } = await world()
    for (const purpose of OF_ACCOUNTS) {
      const { token } = await issue({ purpose })
      for (const other of [...OF_ACCOUNTS, 'invitation' as const])
        if (other !== purpose) expect(await spend(other, token)).toBeNull()
      expect(await spend(purpose, token, OTHER)).toBeNull()
      expect(await spend(purpose, token, HOME)).not.toBeNull()
    }
  })

  it('is of the account that it was made for, whoever else has one', async () => {
    const { issue, spend, userId, node } = await world()
    const stranger = await newcomer(node)
    const { token } = await issue({ purpose: 'password_reset' })
    const theirs = await issue({ purpose: 'password_reset', userId: stranger.user_id, email: stranger.email })
    expect(await spend('password_reset', theirs.token)).toMatchObject({ userId: stranger.user_id })
    expect(await spend('password_reset', token)).toMatchObject({ userId })
  })
})

describeEachAuth('One-time tokens of an account', (stage) => {
  const world = worldOf(stage)

  it('end together: with one that is spent, its earlier ones of the same purpose', async () => {
    const { issue, spend } = await world()
    const [first, second] = [await issue({ purpose: 'magic_link' }), await issue({ purpose: 'magic_link' })]
    const other = await issue({ purpose: 'email_verification' })
    expect(await spend('magic_link', first.token)).not.toBeNull()
    expect(await spend('magic_link', second.token)).toBeNull()
    expect(await spend('email_verification', other.token)).not.toBeNull()
  })

  it('that set a new password: the last one alone is good', async () => {
    const { issue, spend } = await world()
    const [first, second] = [await issue({ purpose: 'password_reset' }), await issue({ purpose: 'password_reset' })]
    expect(await spend('password_reset', first.token)).toBeNull()
    expect(await spend('password_reset', second.token)).not.toBeNull()
  })

  it('are not ended by who asks for one in the name of the same address and has no account', async () => {
    const { issue, spend } = await world()
    const { token } = await issue({ purpose: 'password_reset' })
    await issue({ purpose: 'password_reset', userId: null })
    expect(await spend('password_reset', token)).not.toBeNull()
  })

  it('end where the credentials have moved on, for those that stand for them', async () => {
    const { issue, spend, node, userId } = await world()
    const reset = await issue({ purpose: 'password_reset', credentialVersion: 1 })
    const verification = await issue({ purpose: 'email_verification' })
    await node.api.users.disable(userId)
    await node.api.users.enable(userId)
    expect(await spend('password_reset', reset.token)).toBeNull()
    expect(await spend('email_verification', verification.token)).not.toBeNull()
  })

  it('end where the account has got another address, but for the one that proves it', async () => {
    const { issue, spend, node, userId } = await world()
    const tokens = []
    for (const purpose of OF_ACCOUNTS) tokens.push({ purpose, ...(await issue({ purpose })) })
    await node.storage.db.updateTable('users').set({ email: newEmail() }).where('id', '=', userId).execute()
    for (const { purpose, token } of tokens)
      expect(await spend(purpose, token)).toEqual(purpose === 'email_change' ? expect.anything() : null)
  })

  it('end with the account', async () => {
    const { issue, spend, node, userId } = await world()
    const { token } = await issue({ purpose: 'magic_link' })
    await node.storage.db.deleteFrom('users').where('id', '=', userId).execute()
    expect(await spend('magic_link', token)).toBeNull()
  })

  it('end by purpose, or all at once', async () => {
    const { issue, spend, node, room, userId } = await world()
    const reset = await issue({ purpose: 'password_reset' })
    const link = await issue({ purpose: 'magic_link' })
    await node.storage.transaction((tx) => room.endAll(tx, OTHER, userId))
    await node.storage.transaction((tx) => room.endAll(tx, HOME, userId, ['password_reset']))
    expect(await spend('password_reset', reset.token)).toBeNull()
    expect(await spend('magic_link', link.token)).not.toBeNull()
    const last = await issue({ purpose: 'magic_link' })
    await node.storage.transaction((tx) => room.endAll(tx, HOME, userId))
    expect(await spend('magic_link', last.token)).toBeNull()
  })
})

describeEachAuth('A decoy', (stage) => {
  const world = worldOf(stage)

  it.each(OF_ACCOUNTS)('%s: looks like a token and opens nothing', async (purpose) => {
    const { issue, spend, node } = await world()
    const email = newEmail()
    const { token } = await issue({ purpose, userId: null, email })
    expect(token).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
    const row = await node.storage.db.selectFrom('one_time_tokens').selectAll().where('email', '=', email).execute()
    expect(row).toHaveLength(1)
    expect(await spend(purpose, token)).toBeNull()
    expect((await roomOf(node).refusal(null, purpose, token)).code).toBe('invalid_token')
  })
})
