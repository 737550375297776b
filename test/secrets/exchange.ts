import { z } from 'zod'
import { keptClone } from '../../src/client/kept-clone.js'
import { noteWritten, useSecrets, useTokensIn } from './record.js'

const passwords = z.object({
  password: z.string().optional(),
  current_password: z.string().optional(),
  new_password: z.string().optional(),
})

/** Notes the secrets of a request and of its answer, and of a refusal what it says. */
export async function noteExchange(init: RequestInit, answer: Response): Promise<void> {
  // What opened nothing was perhaps no password at all: some tests try names and times.
  if (answer.ok && typeof init.body === 'string') notePasswords(init.body)
  const text = answer.body === null ? '' : await keptClone(answer).text()
  if (answer.ok && answer.headers.get('content-type')?.startsWith('application/json')) useTokensIn(text)
  else noteWritten('answer', text)
  for (const cookie of answer.headers.getSetCookie()) useTokensIn(cookie)
}

function notePasswords(body: string): void {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return
  }
  const { data = {} } = passwords.safeParse(json)
  for (const text of Object.values(data)) if (typeof text === 'string' && !text.includes('@')) useSecrets(text)
}
