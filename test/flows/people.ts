import { expect } from 'vitest'
import { z } from 'zod'
import { isUuid } from '../../src/runtime/ids.js'
import type { TestAuth } from '../../src/testing/index.js'

const id = z.string().refine(isUuid)
/** RFC 3339 in UTC. */
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/)

const userShape = z.strictObject({
  id,
  email: z.string(),
  username: z.string(),
  email_verified: z.boolean(),
  tenant_id: id,
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
  is_guest: z.literal(false),
  created_at: time,
})

export const meShape = userShape.extend({ session_id: id, auth_methods: z.array(z.string()), auth_time: time })

/** The token answer where the tokens travel as cookies: exactly these fields. */
export const cookieAnswerShape = z.strictObject({
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  expires_at: time,
  user_id: id,
  user: userShape,
  session: z.strictObject({
    id,
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    last_activity: time,
    expires_at: time,
    created_at: time,
  }),
})

/** The token answer where they travel in the body: exactly these fields. */
export const tokenAnswerShape = cookieAnswerShape.extend({
  access_token: z.string().regex(/^sps_[A-Za-z0-9_-]{43,}$/),
  refresh_token: z.string().regex(/^spr_[A-Za-z0-9_-]{43,}$/),
  session_token: z.string(),
})

export type TokenAnswer = z.output<typeof tokenAnswerShape>

export interface Person extends TokenAnswer {
  readonly email: string
  readonly password: string
}

export const PASSWORD = 'correct horse battery'

let people = 0

/** An address that no other test has. */
export function newEmail(): string {
  return `person-${process.pid}-${++people}@example.com`
}

/** Somebody who has just registered, with tokens in the body. */
export async function newcomer(auth: TestAuth, fields: Record<string, unknown> = {}): Promise<Person> {
  const given = { email: newEmail(), password: PASSWORD, ...fields }
  const answer = await tokensOf(await post(auth, '/auth/register', given), 201)
  return { ...answer, email: given.email, password: given.password }
}

/** A further session of somebody. */
export async function signIn(
  auth: TestAuth,
  { email, password }: { readonly email: string; readonly password: string },
  fields: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  return tokensOf(await post(auth, '/auth/login', { email, password, ...fields }, headers))
}

export async function tokensOf(answer: Response, status = 200): Promise<TokenAnswer> {
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  return tokenAnswerShape.parse(JSON.parse(text))
}

export function refresh(auth: TestAuth, refreshToken: string): Promise<Response> {
  return post(auth, '/auth/refresh', { refresh_token: refreshToken })
}

export function post(
  auth: TestAuth,
  path: string,
  json: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return auth.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  })
}

export function get(auth: TestAuth, path: string, token: string, headers: Record<string, string> = {}) {
  return auth.request(path, { headers: { ...bearer(token), ...headers } })
}

/** A request by bearer token, with a JSON body where one is given. */
export function send(auth: TestAuth, method: string, path: string, token: string, json?: unknown) {
  const body = json === undefined ? {} : { body: JSON.stringify(json) }
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  return auth.request(path, { method, headers: { ...bearer(token), ...type }, ...body })
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** The code of a refusal; fails where it is none. */
export async function codeOf(answer: Response): Promise<string> {
  const text = await answer.text()
  const parsed = z.looseObject({ code: z.string() }).safeParse(text === '' ? {} : JSON.parse(text))
  if (!parsed.success) throw new Error(`not a refusal: ${answer.status} ${text}`)
  return parsed.data.code
}

/** What an access token is good for: `200`, or the code of the refusal. */
export async function standingOf(auth: TestAuth, accessToken: string): Promise<string> {
  const answer = await get(auth, '/auth/me', accessToken)
  return answer.status === 200 ? '200' : codeOf(answer)
}
