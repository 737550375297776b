import { expect } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'

/** What was sent to an address for one page, by whichever of the nodes sent it. */
export async function linksTo(page: string, email: string, ...nodes: readonly TestAuth[]) {
  const sent = (await Promise.all(nodes.map(({ mail }) => mail.sent()))).flat()
  return sent.filter(({ to, link }) => to === email && link?.includes(`/pages/${page}#`) === true)
}

/** The token of the last of them. */
export async function tokenTo(page: string, email: string, ...nodes: readonly TestAuth[]): Promise<string> {
  const token = (await linksTo(page, email, ...nodes)).at(-1)?.token
  expect(token).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
  return token ?? ''
}
