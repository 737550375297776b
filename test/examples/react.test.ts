import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startChromium } from '../browser/chromium.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { EXAMPLE_STARTS, type RunningExample, runExample } from './run-example.js'

const root = join(import.meta.dirname, '..', '..')

let browser: Browser
let example: RunningExample

beforeAll(async () => {
  browser = await startChromium()
  example = await runExample('react')
}, EXAMPLE_STARTS)
afterAll(async () => {
  await browser?.close()
  expect(await example?.stop()).toBe(0)
})

const complaints: string[] = []

async function open(context?: BrowserContext): Promise<Page> {
  const page = await (context ?? (await browser.newContext())).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A browser says of every refusal that it failed to load something.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text())
    }
  })
  await page.goto(example.url)
  return page
}

const email = newEmail()
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const alert = (page: Page, text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor()
const greeting = (page: Page, name: string) => page.getByRole('heading', { name: `Hello ${name}` }).waitFor()
const devices = (page: Page) => page.getByRole('region', { name: 'Devices' }).getByRole('listitem')

async function fill(page: Page, password: string): Promise<void> {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
}

async function signIn(page: Page): Promise<void> {
  await fill(page, PASSWORD)
  await press(page, 'Sign in')
  await page.getByRole('region', { name: 'Profile' }).waitFor()
}

it('signs up, shows and changes the profile, and signs out devices, under a strict Content-Security-Policy', async () => {
  const laptop = await open()
  await press(laptop, 'I am new here')
  await fill(laptop, 'short')
  await press(laptop, 'Sign up')
  await alert(laptop, '8')
  await fill(laptop, PASSWORD)
  await press(laptop, 'Sign up')
  await laptop.getByText(`${email} · viewer`).waitFor()

  await laptop.getByLabel('Name').fill('Ada <script>alert(1)</script>')
  await press(laptop, 'Rename')
  await greeting(laptop, 'Ada <script>alert(1)</script>')
  await laptop.reload()
  await greeting(laptop, 'Ada <script>alert(1)</script>')
  expect(await laptop.evaluate('document.cookie')).toBe('')
  const policy = (await laptop.reload())?.headers()['content-security-policy']
  expect(policy).toContain("default-src 'none'; script-src 'self'")

  // Another tab of the same browser is signed in already, and hears of what the first one does.
  const tab = await open(laptop.context())
  await greeting(tab, 'Ada')

  const phone = await open()
  await fill(phone, 'wrong password')
  await press(phone, 'Sign in')
  await alert(phone, 'Check the identifier and the password')
  await signIn(phone)
  await press(laptop, 'Look again')
  await devices(laptop).nth(1).waitFor()
  await devices(laptop).getByRole('button', { name: 'Sign out' }).click()
  await devices(laptop).nth(1).waitFor({ state: 'detached' })
  await press(phone, 'Look again')
  await phone.getByRole('heading', { name: 'Sign in' }).waitFor()

  await signIn(phone)
  await press(laptop, 'Sign out everywhere')
  for (const page of [laptop, tab]) await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await press(phone, 'Look again')
  await phone.getByRole('heading', { name: 'Sign in' }).waitFor()

  // Who signs in again is signed in in both tabs.
  await signIn(tab)
  await greeting(laptop, 'Ada')
  expect(complaints).toEqual([])
  expect(example.errors()).not.toMatch(/error/i)
})

it('has types throughout', () => {
  const compiled = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'examples', 'react')])
  expect(String(compiled.stdout)).toBe('')
})
