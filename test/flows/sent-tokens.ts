import { expect } from 'vitest'
import type { TestAuth } from '../../src/testing/index.js'

/** What was sent to an address for one page, by whichever of the nodes sent it. */
export async function linksTo(page: string, email: string, ...nodes: readonly TestAuth[]) {
  return (await sentTo(email, nodes)).filter(({ link }) => link?.includes(`/pages/${page}#`) === true)
}

/** The token of the last of them. */
export async function pageTokenTo(page: string, email: string, ...nodes: readonly TestAuth[]): Promise<string> {
  return tokenOf((await linksTo(page, email, ...nodes)).at(-1))
}

/** The token of the last message that was sent to an address, by whichever of the nodes sent it. */
export async function tokenTo(email: string, ...nodes: readonly TestAuth[]): Promise<string> {
  return tokenOf((await sentTo(email, nodes)).at(-1))
}

async function sentTo(email: string, nodes: readonly TestAuth[]) {
  const sent = (await Promise.all(nodes.map(({ mail }) => mail.sent()))).flat()
  return sent.filter(({ to }) => to === email)
}

function tokenOf(message: { readonly token: string | null } | undefined): string {
  expect(message?.token).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
  return message?.token ?? ''
}
