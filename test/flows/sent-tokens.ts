import { expect } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'

/** The token of the last message that was sent to an address, by whichever of the nodes sent it. */
export async function tokenTo(email: string, ...nodes: readonly TestAuth[]): Promise<string> {
  const sent = (await Promise.all(nodes.map(({ mail }) => mail.sent()))).flat()
  const token = sent.findLast(({ to }) => to === email)?.token
  expect(token).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
  return token ?? ''
}
