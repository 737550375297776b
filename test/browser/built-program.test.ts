import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { built, emptyFolder, serve } from '../program/run-program.js'
import { startChromium } from './chromium.js'

let browser: Browser

beforeAll(async () => {
  await built()
  browser = await startChromium()
}, 180_000)
afterAll(() => browser?.close())

it('the built server shows its API page: every file is there, and nothing is complained of', async () => {
  const { url } = await serve([], { folder: await emptyFolder() })
  const page = await browser.newPage()
  const answers: string[] = []
  const complaints: string[] = []
  page.on('response', (answer) => answers.push(`${answer.status()} ${answer.url().replace(url, '')}`))
  page.on('console', (message) => complaints.push(`${message.text()} ${message.location().url}`))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${url}/docs`, { waitUntil: 'networkidle' })
  await page.locator('.opblock-summary-control', { hasText: '/.well-known/jwks.json' }).first().click()
  await page.getByRole('button', { name: 'Try it out' }).click()
  await page.getByRole('button', { name: 'Execute' }).click()
  const status = page.locator('.live-responses-table .response .response-col_status')
  await status.waitFor()
  expect(await status.textContent()).toContain('200')
  expect(answers).toContain('200 /openapi.json')
  expect(answers.filter((answer) => !answer.startsWith('200 '))).toEqual([])
  expect(complaints).toEqual([])
  await page.close()
})
