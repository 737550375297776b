import { expect } from 'vitest'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { bearer, codeOf, newEmail, PASSWORD } from './people.js'

const time = z.iso.datetime()

/** What creation and refresh answer where the token travels in the body: exactly these fields. */
export const guestShape = z.strictObject({
  session_id: z.uuid(),
  token: z.string().regex(/^ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  username: z.string().regex(/^[a-z]+-[a-z]+-[0-9]{2,}$/),
  player_uuid: z.uuid(),
  expires_at: time,
})

export type GuestAnswer = z.output<typeof guestShape>

export const validationShape = z.strictObject({
  valid: z.literal(true),
  session_id: z.uuid(),
  username: z.string(),
  player_uuid: z.uuid(),
  created_at: time,
  last_accessed: time,
  expires_at: time,
  is_active: z.literal(true),
})

/** What an upgrade answers, in either mode, where the tokens travel in the body. */
const upgradeShape = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  user_id: z.uuid(),
  user: z.looseObject({
    id: z.uuid(),
    email: z.string(),
    username: z.string(),
    is_guest: z.literal(false),
    roles: z.array(z.string()),
  }),
})

export async function jsonOf(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  return z.record(z.string(), z.unknown()).parse(await answer.json())
}

/** Somebody who has just come, with the token in the body. */
export async function newGuest(auth: TestAuth, headers: Record<string, string> = {}): Promise<GuestAnswer> {
  return guestOf(await auth.request('/session', { method: 'POST', headers }), 201)
}

export async function guestOf(answer: Response, status = 200): Promise<GuestAnswer> {
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  return guestShape.parse(JSON.parse(text))
}

/** `200`, or the code of the refusal, of a guest's token at its own endpoint. */
export async function validityOf(auth: TestAuth, token: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await auth.request('/session/validate', { headers: { ...bearer(token), ...headers } })
  if (answer.status !== 200) return codeOf(answer)
  validationShape.parse(await answer.json())
  return '200'
}

export function upgrade(auth: TestAuth, token: string, email = newEmail(), password = PASSWORD): Promise<Response> {
  return auth.request('/session/upgrade', {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
}

export async function upgraded(answer: Response) {
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return upgradeShape.parse(JSON.parse(text))
}
