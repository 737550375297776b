import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startChromium } from './chromium.js'
import { type HostApplication, startHostApplication } from './host-application.js'

const account = { email: 'user@example.com', password: 'secure-password' }
/** Runs in the page, after the functions of the guide. */
const STORY = `(async () => {
  const steps = []
  const note = async (answer) => steps.push(answer.status)
  await note(await call('GET', '/auth/me'))
  await note(await signIn(${JSON.stringify(account.email)}, ${JSON.stringify(account.password)}))
  await note(await call('PATCH', '/auth/me', { username: 'Ada Lovelace' }))
  const token = csrfToken
  await note(await fetch('/auth/refresh', { method: 'POST' }))
  await note(await call('PATCH', '/auth/me', { username: 'Ada Byron' }))
  steps.push(token === csrfToken)
  csrfToken = 'wrong'
  await note(await call('PATCH', '/auth/me', { username: 'Eve' }))
  await note(await call('POST', '/auth/logout'))
  await note(await call('GET', '/auth/me'))
  return steps
})()`

let browser: Browser
let host: HostApplication

beforeAll(async () => {
  browser = await startChromium()
  host = await startHostApplication()
  await host.auth.api.register(account)
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await host?.close()
})

it('the functions of the guide to cookies work in a page as they stand', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/guides/cookies-and-csrf.md'), 'utf8')
  const [, example = ''] = /^```js\n([\s\S]*?)^```$/m.exec(guide) ?? []
  const page = await browser.newPage()
  await page.goto(host.origin)
  expect(await page.evaluate(`${example}\n${STORY}`)).toEqual([401, 200, 200, 200, 200, true, 403, 204, 401])
  await page.close()
})
