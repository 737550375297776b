import { expect, it } from 'vitest'
import { z } from 'zod'
import { eventsOf } from './audit-trail.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from './nodes.js'
import { codeOf, newcomer, newEmail, PASSWORD, post, standingOf, tokensOf } from './people.js'
import { pageTokenTo } from './sent-tokens.js'

const DAY = 86_400_000
const problem = z.looseObject({ errors: z.array(z.looseObject({ path: z.string() })) })

function open(stage: Stage, registration: NonNullable<NodeOptions['auth']>['registration'] = 'invite') {
  return openNodeOfTest({ url: stage.url(), auth: { registration } })
}

const accept = (node: BareNode, invitation: unknown, fields: Record<string, unknown> = {}) =>
  post(node, '/auth/register', { invitation, password: PASSWORD, ...fields })

async function invited(node: BareNode, fields: { readonly role?: string; readonly expiresIn?: number } = {}) {
  const email = newEmail()
  const invitation = await node.api.invitations.create({ email, ...fields })
  return { email, id: invitation.id, invitation, token: await pageTokenTo('invitation', email, node) }
}

describeEachAuth('An invitation', (stage) => {
  it.each(['invite', 'open'] as const)(
    'makes an account with its address, proved, and its role, once (registration: %s)',
    async (mode) => {
      const node = await open(stage, mode)
      const { email, token, id } = await invited(node, { role: 'editor' })
      const answer = await tokensOf(await accept(node, token, { username: 'Ada' }), 201)
      expect(answer.user).toMatchObject({ email, email_verified: true, roles: ['editor'], username: 'Ada' })
      expect(await codeOf(await accept(node, token))).toBe('invalid_token')
      await tokensOf(await post(node, '/auth/login', { email, password: PASSWORD }))
      const events = await eventsOf(node.storage.db, { userId: answer.user_id })
      const accepted = events.find(({ type }) => type === 'invitation.accepted')
      expect(JSON.parse(String(accepted?.data))).toEqual({ invitation_id: id })
    },
  )

  // Attack 175.
  it('decides address, tenant and role: nothing that is sent with it does', async () => {
    const node = await open(stage)
    const { email, token } = await invited(node)
    const other = await accept(node, token, { email: newEmail() })
    expect(other.status).toBe(400)
    expect(problem.parse(await other.json()).errors).toMatchObject([{ path: 'email' }])
    const elsewhere = { tenant_id: '019b0000-0000-7000-8000-00000000ffff' }
    expect(await codeOf(await accept(node, token, elsewhere))).toBe('invalid_token')
    const raised = {
      role: 'superadmin',
      roles: ['admin'],
      permissions: ['*'],
      email_verified: false,
      data: { role: 'admin' },
    }
    const answer = await tokensOf(await accept(node, token, { email: ` ${email.toUpperCase()}`, ...raised }), 201)
    expect(answer.user).toMatchObject({ email, email_verified: true, roles: ['viewer'] })
  })

  it('is over after seven days, or when it was said, and stays good through what is refused before', async () => {
    const node = await open(stage)
    const [week, minute] = [await invited(node), await invited(node, { expiresIn: 60 })]
    node.clock.advance(60_000)
    expect(await codeOf(await accept(node, minute.token))).toBe('token_expired')
    node.clock.advance(7 * DAY - 60_001)
    expect(await codeOf(await accept(node, week.token, { password: 'short' }))).toBe('weak_password')
    await tokensOf(await accept(node, week.token), 201)
  })

  it('is refused before anything else of the request is looked at', async () => {
    const node = await open(stage)
    expect(await codeOf(await accept(node, 'spt_unknown', { password: 'x', email: newEmail() }))).toBe('invalid_token')
    for (const wrong of [['spt_x'], { $ne: null }, '', null, 1, '\0'])
      expect(await codeOf(await accept(node, wrong))).toBe('invalid_request')
    for (const wrong of ['%', 'spt_*', `spt_${'A'.repeat(43)}`])
      expect(await codeOf(await accept(node, wrong))).toBe('invalid_token')
  })

  it('ends an earlier one of the same address', async () => {
    const node = await open(stage)
    const { email, token } = await invited(node)
    await node.api.invitations.create({ email, role: 'editor' })
    expect(await codeOf(await accept(node, token))).toBe('invalid_token')
    expect((await tokensOf(await accept(node, await pageTokenTo('invitation', email, node)), 201)).user.roles).toEqual([
      'editor',
    ])
  })

  it('is listed until it is accepted, revoked or over, and shows no token', async () => {
    const node = await open(stage)
    const [first, second, third] = [await invited(node), await invited(node, { role: 'admin' }), await invited(node)]
    const mine = async () => {
      const { items } = await node.api.invitations.list({ limit: 200 })
      return items.filter(({ email }) => [first.email, second.email, third.email].includes(email))
    }
    expect(await mine()).toMatchObject([{ role: 'viewer' }, { email: second.email, role: 'admin' }, {}])
    expect(JSON.stringify(await mine())).not.toContain(first.token.slice(4))
    await node.api.invitations.revoke(first.id)
    await tokensOf(await accept(node, second.token), 201)
    expect((await mine()).map(({ id }) => id)).toEqual([third.id])
    expect(await codeOf(await accept(node, first.token))).toBe('invalid_token')
    await expect(node.api.invitations.revoke(first.id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(node.api.invitations.revoke('nothing')).rejects.toMatchObject({ code: 'not_found' })
    const page = await node.api.invitations.list({ limit: 1 })
    expect(page.items).toHaveLength(1)
  })

  it('needs a role and a tenant that there are, and somebody without an account', async () => {
    const node = await open(stage)
    const create = (input: object) => node.api.invitations.create({ email: newEmail(), ...input })
    await expect(create({ role: 'king' })).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(create({ tenantId: '019b0000-0000-7000-8000-00000000ffff' })).rejects.toMatchObject({
      code: 'invalid_request',
    })
    await expect(create({ email: 'a@x.com,b@y.com' })).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(create({ expiresIn: 1 })).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(create({ inviter: 'Ada\r\nBcc: eve@example.com' })).rejects.toMatchObject({ code: 'invalid_request' })
    const { email, token } = await invited(node)
    await tokensOf(await accept(node, token), 201)
    await expect(create({ email })).rejects.toMatchObject({ code: 'email_taken' })
  })

  it('is made once of 32 who accept it at the same moment', async () => {
    const nodes = [await open(stage), await open(stage)] as const
    const { token, email } = await invited(nodes[0])
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, caller) => accept(nodes[caller % 2 === 0 ? 0 : 1], token)),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(31)
    const { db } = nodes[0].storage
    expect(await db.selectFrom('users').select('id').where('email', '=', email).execute()).toHaveLength(1)
  })
})

describeEachAuth('Registration', (stage) => {
  it('is for those alone who are invited, where it is by invitation', async () => {
    const node = await open(stage)
    expect(await codeOf(await post(node, '/auth/register', { email: newEmail(), password: PASSWORD }))).toBe(
      'forbidden',
    )
    expect(await codeOf(await post(node, '/auth/register', { password: PASSWORD }))).toBe('invalid_request')
  })

  it('is for nobody where it is closed, and nobody is invited', async () => {
    const [inviting, closed] = [await open(stage), await open(stage, 'closed')]
    const { token } = await invited(inviting)
    expect(await codeOf(await accept(closed, token))).toBe('forbidden')
    await expect(closed.api.invitations.create({ email: newEmail() })).rejects.toMatchObject({ code: 'forbidden' })
    await tokensOf(await accept(inviting, token), 201)
  })
})

// Pre-hijacking: whoever registered the address before has nothing of what the invitation gives.
describeEachAuth('An invitation to an address with an account', (stage) => {
  it('takes the account over where nobody had proved the address', async () => {
    const [opened, node] = [await open(stage, 'open'), await open(stage)]
    const squatter = await newcomer(opened)
    await node.api.invitations.create({ email: squatter.email, role: 'admin' })
    const token = await pageTokenTo('invitation', squatter.email, node, opened)
    const fields = { password: 'another long password', username: 'Ada' }
    const owner = await tokensOf(await accept(node, token, fields), 201)
    expect(owner.user.username).toBe('Ada')
    expect(owner.user).toMatchObject({ id: squatter.user_id, email_verified: true, roles: ['admin', 'viewer'] })
    await opened.sync()
    expect(await standingOf(opened, squatter.access_token)).toBe('session_revoked')
    expect(await standingOf(node, owner.access_token)).toBe('200')
    expect(await codeOf(await post(node, '/auth/login', squatter))).toBe('invalid_credentials')
  })

  it('changes nothing where its owner had proved it meanwhile, or the account is disabled', async () => {
    const [opened, node] = [await open(stage, 'open'), await open(stage)]
    const [proven, disabled] = [await newcomer(opened), await newcomer(opened)]
    for (const { email } of [proven, disabled]) await node.api.invitations.create({ email, role: 'admin' })
    await node.storage.db.updateTable('users').set({ email_verified: 1 }).where('id', '=', proven.user_id).execute()
    await node.api.users.disable(disabled.user_id)
    expect(await codeOf(await accept(node, await pageTokenTo('invitation', proven.email, node, opened)))).toBe(
      'email_taken',
    )
    expect(await codeOf(await accept(node, await pageTokenTo('invitation', disabled.email, node, opened)))).toBe(
      'account_disabled',
    )
    const me = await tokensOf(await post(node, '/auth/login', { email: proven.email, password: PASSWORD }))
    expect(me.user.roles).toEqual(['viewer'])
  })
})
