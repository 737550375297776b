import { expect } from 'vitest'
import { z } from 'zod'
import type { OperationId } from '../../src/contract/operation-types.js'
import { OPERATIONS } from '../../src/contract/operations.js'
import { createTestAuth } from '../../src/testing/index.js'
import { PASSWORD } from '../flows/people.js'

export interface AnswerSeen {
  readonly operation: OperationId
  readonly kind: 'answer' | 'refusal'
  /** `undefined` where the answer was empty. */
  readonly json: unknown
}

interface Sent {
  readonly token?: string | undefined
  readonly body?: Record<string, unknown>
  readonly at?: string
}

const tokens = z.object({ access_token: z.string(), refresh_token: z.string() })
const guest = z.object({ token: z.string() })
const ADA = 'ada@example.com'
const NEW = 'ada@example.org'

/** Calls every operation of the table at least once with success, in both modes of tokens, and some to be refused. */
export async function tourOfAnswers(): Promise<AnswerSeen[]> {
  const auth = await createTestAuth({ config: { auth: { magicLink: true } } })
  const seen: AnswerSeen[] = []

  async function send(operation: OperationId, { token, body, at = '' }: Sent = {}): Promise<Response> {
    const [method = '', path = ''] = OPERATIONS[operation].split(' ')
    const answer = await auth.request(path.replace('/{id}', '') + at, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return answer
  }
  async function note(operation: OperationId, answer: Response, kind: AnswerSeen['kind']): Promise<unknown> {
    const text = await answer.text()
    expect(answer.ok, `${operation}: ${answer.status} ${text}`).toBe(kind === 'answer')
    const json: unknown = text === '' ? undefined : JSON.parse(text)
    seen.push({ operation, kind, json })
    return json
  }
  const call = async (operation: OperationId, sent?: Sent) => note(operation, await send(operation, sent), 'answer')
  const refused = async (operation: OperationId, sent?: Sent) => note(operation, await send(operation, sent), 'refusal')
  const mailed = async (address: string) => (await auth.mail.lastTo(address)).token ?? ''

  const registered = tokens.parse(await call('register', { body: { email: ADA, password: PASSWORD } }))
  await call('verifyEmail', { body: { token: await mailed(ADA) } })
  await refused('register', { body: { email: ADA, password: PASSWORD } })
  await refused('register', { body: { email: 'ada' } })
  await refused('login', { body: { email: ADA, password: 'wrong' } })
  await call('login', { body: { email: ADA, password: PASSWORD, transport: 'cookie' } })
  const signedIn = tokens.parse(await call('login', { body: { email: ADA, password: PASSWORD } }))
  const { access_token: token } = tokens.parse(
    await call('refresh', { body: { refresh_token: signedIn.refresh_token } }),
  )
  await refused('refresh', { body: { refresh_token: 'spr_unknown' } })

  await call('me', { token })
  await refused('me')
  await call('usersMe', { token })
  await call('updateMe', { token, body: { username: 'Ada', locale: 'de' } })
  await call('csrfToken', { token })
  await call('verify', { token })
  await refused('verify', { token, at: '?role=admin' })
  const { sessions } = z
    .object({ sessions: z.array(z.object({ id: z.string(), current: z.boolean() })) })
    .parse(await call('listSessions', { token }))
  await call('revokeSession', { token, at: `/${sessions.find(({ current }) => !current)?.id}` })
  await refused('revokeSession', { token, at: '/019b0000-0000-7000-8000-000000000001' })
  await call('revokeSessions', { token, at: '?except=current' })
  await call('logout', { token: registered.access_token })

  await call('reauthenticate', { token, body: { password: PASSWORD } })
  await call('changePassword', { token, body: { current_password: PASSWORD, new_password: `${PASSWORD} again` } })
  await call('changeEmail', { token, body: { new_email: NEW } })
  await call('verifyEmail', { body: { token: await mailed(NEW) } })
  await call('undoEmailChange', { body: { token: await mailed(ADA) } })
  await call('resendVerification', { body: { email: ADA } })
  await call('requestMagicLink', { body: { email: ADA } })
  await call('verifyMagicLink', { body: { token: await mailed(ADA) } })
  await call('forgotPassword', { body: { email: ADA } })
  await call('resetPassword', { body: { token: await mailed(ADA), new_password: PASSWORD } })

  const first = guest.parse(await call('createGuest'))
  await call('validateGuest', { token: first.token })
  const { token: extended } = guest.parse(await call('refreshGuest', { token: first.token }))
  await call('upgradeGuest', { token: extended, body: { email: 'guest@example.com', password: PASSWORD } })
  const second = guest.parse(await call('createGuest', { body: {} }))
  await call('endGuest', { token: second.token })

  for (const operation of ['jwks', 'live', 'ready', 'getOpenapi'] as const) await call(operation)
  await auth.close()
  return [...seen, ...(await statelessAnswers())]
}

async function statelessAnswers(): Promise<AnswerSeen[]> {
  const auth = await createTestAuth({ config: { auth: { mode: 'stateless', emailVerification: 'required' } } })
  const answer = await auth.request('/auth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: ADA, password: PASSWORD }),
  })
  const pending: AnswerSeen = { operation: 'register', kind: 'answer', json: await answer.json() }
  await auth.request('/auth/email/verify', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: (await auth.mail.lastTo(ADA)).token }),
  })
  const signedIn = await auth.request('/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: ADA, password: PASSWORD }),
  })
  expect(signedIn.status).toBe(200)
  const login: AnswerSeen = { operation: 'login', kind: 'answer', json: await signedIn.json() }
  await auth.close()
  return [pending, login]
}
