import { expect } from 'vitest'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { Browser } from './browser.js'
import { cookieAnswerShape, newEmail, PASSWORD, post, tokenAnswerShape } from './people.js'

/** The token answer of stateless mode with cookies: exactly these fields, and no `session`. */
export const jwtCookieAnswerShape = cookieAnswerShape.omit({ session: true })

/** The token answer of stateless mode with the tokens in the body. */
export const jwtAnswerShape = jwtCookieAnswerShape.extend({
  access_token: z.string().regex(/^ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  refresh_token: z.string().regex(/^spr_[A-Za-z0-9_-]{43,}$/),
})

export type JwtAnswer = z.output<typeof jwtAnswerShape>

/** What both modes answer with. */
const anyAnswerShape = z.union([tokenAnswerShape, jwtAnswerShape])

/** Somebody signed in under whichever mode, with tokens in the body. */
export interface Holder {
  readonly email: string
  readonly userId: string
  readonly access: string
  readonly refresh: string
}

export async function jwtTokensOf(answer: Response, status = 200): Promise<JwtAnswer> {
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  return jwtAnswerShape.parse(JSON.parse(text))
}

/** Registers somebody on a node of stateless mode. */
export async function jwtNewcomer(
  auth: TestAuth,
  fields: Record<string, unknown> = {},
): Promise<JwtAnswer & { readonly email: string }> {
  const given = { email: newEmail(), password: PASSWORD, ...fields }
  return { ...(await jwtTokensOf(await post(auth, '/auth/register', given), 201)), email: given.email }
}

/** Registers somebody on a node of any mode. */
export async function newHolder(auth: TestAuth): Promise<Holder> {
  const email = newEmail()
  return { email, ...(await holderOf(await post(auth, '/auth/register', { email, password: PASSWORD }), 201)) }
}

/** Signs somebody in on a node of any mode. */
export async function holderSignIn(auth: TestAuth, email: string, fields: Record<string, unknown> = {}) {
  return holderOf(await post(auth, '/auth/login', { email, password: PASSWORD, ...fields }))
}

export async function holderOf(answer: Response, status = 200): Promise<Omit<Holder, 'email'>> {
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  const { user_id, access_token, refresh_token } = anyAnswerShape.parse(JSON.parse(text))
  return { userId: user_id, access: access_token, refresh: refresh_token }
}

/** A browser of somebody new, signed in with cookies alone. */
export async function newBrowser(auth: TestAuth, fields: Record<string, unknown> = {}): Promise<Browser> {
  const email = newEmail()
  await post(auth, '/auth/register', { email, password: PASSWORD })
  const browser = new Browser(auth)
  const json = { email, password: PASSWORD, transport: 'cookie', ...fields }
  expect((await browser.send('POST', '/auth/login', { json })).status).toBe(200)
  return browser
}
