import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { bundle } from './bundle.js'
import { startChromium } from './chromium.js'
import { html, javascript, type PageHost, startPageHost } from './page-host.js'

/** Collisions of two tabs; `npm run test:tabs` asks for 200. */
const ROUNDS = Number(process.env['TAB_ROUNDS'] ?? 10)
/** Longer than an access token lives. */
const NAP = 16 * 60_000
/** For the message to reach both tabs before they start. */
const LEAD = 25
const HANG = 60_000 + ROUNDS * 2_000

const meShape = z.object({ session_id: z.string(), email: z.string() })

let browser: Browser
let auth: TestAuth
let host: PageHost

beforeAll(async () => {
  browser = await startChromium()
  const script = await bundle(join(import.meta.dirname, 'tab-page.js'))
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  host = await startPageHost(auth, async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/tab') return html('/tab.js', '')
    if (pathname === '/tab.js') return javascript(script)
    // Answers overtake each other, as on a network.
    if (pathname === '/auth/refresh') await new Promise((resolve) => setTimeout(resolve, Math.random() * 15))
    return null
  })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await host?.close()
})

describe.each([
  { transport: 'cookie', locks: true },
  { transport: 'cookie', locks: false },
  { transport: 'bearer', locks: true },
  { transport: 'bearer', locks: false },
])('Two tabs of one browser, $transport, Web Locks: $locks', ({ transport, locks }) => {
  it(
    'stay signed in however often they refresh at once, and sign out and in together',
    async () => {
      const context = await openContext(locks)
      const [first, second] = [await openTab(context, transport), await openTab(context, transport)]
      const account = { email: newEmail(), password: PASSWORD }
      await first.evaluate(`client.register(${JSON.stringify(account)})`)
      // The other tab hears of it without asking.
      await second.evaluate(`untilState('signed-in')`)
      const { session_id } = meShape.parse(await second.evaluate(`client.call('me')`))

      host.forget()
      for (let round = 0; round < ROUNDS; round++) {
        // Every other time both wake up with a token that has ended, and find out by a refusal.
        const isNap = round % 2 === 0
        if (isNap) auth.clock.advance(NAP)
        await together([first, second], isNap ? `client.call('me')` : 'client.refresh()')
        const held = await Promise.all([first, second].map((tab) => tab.evaluate(`client.call('me')`)))
        expect(held.map((me) => meShape.parse(me).session_id)).toEqual([session_id, session_id])
      }
      const exchanges = host.count('/auth/refresh')
      if (ROUNDS > 20) console.log(`${transport}, locks ${locks}: ${ROUNDS} rounds, ${exchanges} exchanges`)
      expect(exchanges).toBeGreaterThanOrEqual(ROUNDS)
      // With locks the second tab mostly sees what the first has stored: Chromium shows that to other tabs a little later.
      if (locks) expect(exchanges).toBeLessThan(ROUNDS * 1.25 + 2)
      for (const tab of [first, second]) {
        expect(await tab.evaluate('client.session.current()')).toMatchObject({ user: { email: account.email } })
        expect(new Set(z.array(z.string()).parse(await tab.evaluate('events')))).toEqual(
          new Set(['signed-in', 'refreshed']),
        )
      }

      await second.evaluate('client.logout()')
      expect(await first.evaluate(`untilState('signed-out')`)).toMatchObject({ status: 'signed-out' })
      await expect(first.evaluate(`client.call('me')`)).rejects.toThrow('unauthenticated')
      await first.evaluate(`client.login(${JSON.stringify(account)})`)
      expect(await second.evaluate(`untilState('signed-in')`)).toMatchObject({ user: { email: account.email } })
      expect(meShape.parse(await second.evaluate(`client.call('me')`)).email).toBe(account.email)
      await context.close()
    },
    HANG,
  )
})

async function openContext(locks: boolean): Promise<BrowserContext> {
  const context = await browser.newContext()
  if (!locks) await context.addInitScript(`Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })`)
  return context
}

async function openTab(context: BrowserContext, transport: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${host.origin}/tab?transport=${transport}`)
  return page
}

/** The same in every tab, at the same moment. */
function together(tabs: readonly Page[], work: string): Promise<unknown[]> {
  const time = Date.now() + LEAD
  return Promise.all(tabs.map((tab) => tab.evaluate(`at(${time}, () => ${work})`)))
}
