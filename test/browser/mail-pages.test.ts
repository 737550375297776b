import type { Server } from 'node:http'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createNodeServer } from '../../src/adapters/node.js'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { pageRoutes } from '../../src/features/pages/page-routes.js'
import { PAGE_NAMES, type PageName } from '../../src/features/pages/page-types.js'
import { defineRoute, type Route } from '../../src/http/define-route.js'
import { close, listen } from '../http/raw-socket.js'
import { createSampleApp } from '../http/sample-app.js'
import { startChromium } from './chromium.js'

const ENDPOINTS = [
  '/email/verify',
  '/email/change/undo',
  '/password/reset',
  '/password/forgot',
  '/magic-link/verify',
  '/register',
]

let browser: Browser
let server: Server
let origin: string
const asked: { readonly path: string; readonly body: unknown }[] = []
const logged: Record<string, unknown>[] = []

/** Answers as the token or the password says, and notes what was sent. */
function endpoint(path: string): Route {
  return defineRoute({
    method: 'POST',
    base: 'auth',
    path,
    operationId: path.replace(/\W/g, ''),
    summary: '',
    tag: 'sample',
    guard: { authentication: 'none', csrf: 'origin' },
    body: z.record(z.string(), z.string()),
    responses: { 204: { description: 'Done' } },
    errors: ['token_expired', 'weak_password'],
    async handle({ body }) {
      asked.push({ path, body })
      if (body['token'] === 'spt_late') throw new SallyportError('token_expired')
      if (body['new_password'] === 'weak') throw new SallyportError('weak_password')
      return { status: 204 }
    },
  })
}

beforeAll(async () => {
  const routes = [...pageRoutes('https://app.example.com/'), ...ENDPOINTS.map(endpoint)]
  const { app, log } = createSampleApp({ routes })
  const note = (fields: Record<string, unknown>) => logged.push(fields)
  const config = {
    server: { publicUrl: null, basePaths: ['/auth', '/api/auth'], trustProxy: [], cors: { origins: [] } },
  }
  server = createNodeServer(app, config, { logger: { info: note, error: note } })
  logged.push(...log)
  origin = `http://127.0.0.1:${await listen(server)}`
  browser = await startChromium()
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await close(server)
})
beforeEach(() => {
  asked.length = 0
})

async function visit(path: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const hosts = new Set<string>()
  const referrers = new Set<string>()
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    hosts.add(new URL(request.url()).origin)
    const { referer } = request.headers()
    if (referer) referrers.add(referer)
  })
  await page.goto(origin + path)
  return { page, complaints, hosts, referrers, close: () => context.close() }
}

const said = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

// ASVS 3.4.3, 3.4.6, 14.2.1
describe('a page that mail leads to, in Chromium under its own policy', () => {
  it.each(['/auth', '/api/auth'])('spends nothing until its button is pressed, under %s', async (base) => {
    const { page, complaints, hosts, referrers, close } = await visit(`${base}/pages/verify-email#token=spt_good`)
    expect(page.url()).toBe(`${origin}${base}/pages/verify-email`)
    expect(await page.content()).not.toContain('spt_good')
    expect(asked).toEqual([])
    await page.getByRole('button', { name: 'Confirm the address' }).click()
    await said(page, 'Your address is confirmed.')
    expect(asked).toEqual([{ path: '/email/verify', body: { token: 'spt_good' } }])
    expect(await page.getByRole('link', { name: 'Continue' }).getAttribute('href')).toBe('https://app.example.com/')
    expect({ complaints, hosts: [...hosts], referrers: [...referrers] }).toEqual({
      complaints: [],
      hosts: [origin],
      referrers: [],
    })
    await page.goBack().catch(() => null)
    expect(page.url()).not.toContain('spt_')
    await close()
  })

  it.each<[PageName, object, string, object]>([
    ['email-change', {}, '/email/verify', { token: 'spt_good' }],
    ['email-undo', {}, '/email/change/undo', { token: 'spt_good' }],
    ['magic-link', {}, '/magic-link/verify', { token: 'spt_good', transport: 'cookie' }],
    [
      'reset-password',
      { 'New password': 'Grüße, €5!' },
      '/password/reset',
      { token: 'spt_good', new_password: 'Grüße, €5!' },
    ],
    ['forgot-password', { 'Email address': 'ada@example.com' }, '/password/forgot', { email: 'ada@example.com' }],
    [
      'invitation',
      { Password: 'a long one' },
      '/register',
      { invitation: 'spt_good', password: 'a long one', transport: 'cookie' },
    ],
  ])('%s sends what its endpoint takes', async (name, fields, path, body) => {
    const { page, complaints, close } = await visit(`/auth/pages/${name}#token=spt_good`)
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value)
    await page.getByRole('button').click()
    await page.locator('#status.good').waitFor()
    expect(asked).toEqual([{ path, body }])
    expect(complaints).toEqual([])
    await close()
  })

  it('takes a code that was copied out of the message, where it was opened without its link', async () => {
    const { page, close } = await visit('/auth/pages/verify-email')
    const code = page.getByLabel('Code from the message')
    await code.fill('  spt_late ')
    await page.getByRole('button').click()
    await said(page, 'This link has expired')
    await code.fill('spt_good')
    await page.keyboard.press('Enter')
    await said(page, 'Your address is confirmed.')
    expect(asked.map(({ body }) => body)).toEqual([{ token: 'spt_late' }, { token: 'spt_good' }])
    await close()
  })

  it('says what is wrong where a screen reader hears it, and lets one try again', async () => {
    const { page, close } = await visit('/auth/pages/reset-password#token=spt_good')
    const password = page.getByLabel('New password', { exact: true })
    await password.fill('weak')
    await page.getByRole('button').click()
    await said(page, 'too easy to guess')
    expect(await password.getAttribute('aria-invalid')).toBe('true')
    expect(await page.evaluate('document.activeElement.id')).toBe('new_password')
    await page.getByLabel('Show the password').check()
    expect(await password.getAttribute('type')).toBe('text')
    await password.fill('a better one')
    await page.getByRole('button').click()
    await page.locator('#status.good').waitFor()
    await close()
  })

  it('ends where the link is no good, and takes another link in the same tab', async () => {
    const { page, close } = await visit('/auth/pages/verify-email#token=spt_late')
    await page.getByRole('button').click()
    await said(page, 'This link has expired')
    expect(await page.locator('form').isHidden()).toBe(true)
    await page.evaluate(`location.hash = 'token=spt_good'`)
    await page.getByRole('button').click()
    await page.locator('#status.good').waitFor()
    expect(page.url()).not.toContain('spt_')
    await close()
  })

  it.each([
    ['de-AT', 'Adresse bestätigen', 'de'],
    ['zh-CN', '确认您的邮箱地址', 'zh'],
    ['it-IT', 'Confirm your address', 'en'],
  ])('speaks the language that a browser in %s asks for', async (locale, title, lang) => {
    const { page, close } = await visit('/auth/pages/verify-email#token=spt_good', { locale })
    expect([await page.title(), await page.getByRole('heading').textContent()]).toEqual([title, title])
    expect(await page.locator('html').getAttribute('lang')).toBe(lang)
    await close()
  })

  it('says what it needs where scripts are off, and shows no form that could send a token elsewhere', async () => {
    const { page, close } = await visit('/auth/pages/reset-password#token=spt_good', { javaScriptEnabled: false })
    expect(await page.getByText('This page needs JavaScript').isVisible()).toBe(true)
    expect(await page.locator('form').isVisible()).toBe(false)
    await close()
  })

  it('fits on a phone and on a desk, with targets that a finger meets', async () => {
    const { page, close } = await visit('/auth/pages/verify-email', { locale: 'de' })
    for (const name of PAGE_NAMES) {
      await page.goto(`${origin}/auth/pages/${name}`)
      for (const viewport of [
        { width: 320, height: 568 },
        { width: 1280, height: 800 },
      ]) {
        await page.setViewportSize(viewport)
        expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, viewport.width])
        expect((await page.getByRole('button').boundingBox())?.height).toBeGreaterThanOrEqual(44)
      }
    }
    await close()
  })

  it('tells when the server cannot be reached', async () => {
    const { page, close } = await visit('/auth/pages/verify-email#token=spt_good')
    await page.context().setOffline(true)
    await page.getByRole('button').click()
    await said(page, 'cannot be reached')
    await close()
  })

  it('leaves no token in a log', () => {
    expect(JSON.stringify(logged)).not.toContain('spt_')
  })
})
