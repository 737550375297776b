import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createClient, type User } from '../../src/client/index.js'
import { useUser } from '../../src/client/react/index.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { bundle } from './bundle.js'
import { startChromium } from './chromium.js'
import { html, javascript, type PageHost, startPageHost } from './page-host.js'
import { App } from './react-app.js'

let browser: Browser
let auth: TestAuth
let host: PageHost

/** Renders as a server does that has one client for all its requests, and looks the user up for each. */
const client = createClient({ baseUrl: 'http://127.0.0.1' })

function render(initialUser: User | null | undefined): string {
  const known = JSON.stringify({ initialUser }).replaceAll('<', '\\u003c')
  const page = renderToString(createElement(App, { client, initialUser }))
  return `<div id="app">${page}</div><script id="known" type="application/json">${known}</script>`
}

beforeAll(async () => {
  browser = await startChromium()
  const script = await bundle(join(import.meta.dirname, 'react-page.js'))
  auth = await createTestAuth()
  host = await startPageHost(auth, async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/page.js') return javascript(script)
    if (pathname === '/unknown') return html('/page.js', render(undefined))
    if (pathname !== '/known') return null
    const headers = { cookie: request.headers.get('cookie') ?? '' }
    const answer = await auth.handler(new Request(`${host.origin}/auth/me`, { headers }))
    // Server and page are of one version: what it answers is what the client would have read.
    const user: User | null = answer.ok ? JSON.parse(await answer.text()) : null
    return html('/page.js', render(user))
  })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await host?.close()
})

const rendersShape = z.record(z.string(), z.array(z.string()))
const rendersOf = async (page: Page) => rendersShape.parse(await page.evaluate('rendered'))
const text = (page: Page, id: string) => page.locator(`#${id}`).textContent()

interface Tab {
  readonly page: Page
  /** Warnings and errors of React and of the browser. */
  readonly complaints: string[]
}

async function open(path: string, account?: object): Promise<Tab> {
  const page = await (await browser.newContext()).newPage()
  const complaints: string[] = []
  if (account) {
    await page.goto(`${host.origin}/known`)
    await page.evaluate(`client.register(${JSON.stringify(account)})`)
  }
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  host.forget()
  await page.goto(`${host.origin}${path}`)
  await page.evaluate('client.session.ready()')
  return { page, complaints }
}

const newAccount = () => ({ email: newEmail(), password: PASSWORD, username: 'Ada' })

describe('A page that the server renders', () => {
  it('comes with the user that the server knew, and is taken over without a flash or a complaint', async () => {
    const { page, complaints } = await open('/known', newAccount())
    expect(await text(page, 'in')).toBe('yes')
    const { name, status } = await rendersOf(page)
    expect(new Set(name)).toEqual(new Set(['Ada']))
    expect(new Set(status)).toEqual(new Set(['signed-in']))
    expect(await page.evaluate('complaints')).toEqual([])
    expect(complaints).toEqual([])
    // StrictMode mounts twice; the server is asked once.
    expect(host.count('/auth/me')).toBe(1)
    await page.context().close()
  })

  it('waits where the server did not look, and then knows', async () => {
    const { page, complaints } = await open('/unknown', newAccount())
    await page.locator('#in', { hasText: 'yes' }).waitFor()
    expect((await rendersOf(page))['status']?.[0]).toBe('loading')
    expect(await text(page, 'not')).toBe('no')
    expect(render(undefined)).toContain('<p id="in"><b>wait</b></p>')
    expect(await page.evaluate('complaints')).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('corrects a server that knew of a session which has ended since', async () => {
    const { page } = await open('/known', newAccount())
    await page.evaluate(`client.call('revokeSessions')`)
    await page.evaluate(`client.call('me').catch(() => undefined)`)
    await page.locator('#in', { hasText: 'no' }).waitFor()
    expect(await text(page, 'not')).toBe('yes')
    expect(await text(page, 'name')).toBe('nobody')
    await page.context().close()
  })
})

describe('A component', () => {
  it('renders again for what it shows, and for nothing else', async () => {
    const { page, complaints } = await open('/known', newAccount())
    const before = await rendersOf(page)
    for (let exchange = 0; exchange < 5; exchange++) await page.evaluate('client.refresh()')
    const after = await rendersOf(page)
    expect(after['name']).toEqual(before['name'])
    expect(after['status']).toEqual(before['status'])

    await page.evaluate(`client.call('updateMe', { body: { username: 'Grace' } })`)
    await page.locator('#name', { hasText: 'Grace' }).waitFor()
    expect((await rendersOf(page))['status']).toEqual(before['status'])

    await page.click('#out')
    await page.locator('#not', { hasText: 'yes' }).waitFor()
    expect(await text(page, 'name')).toBe('nobody')
    // Twice at most for each change, since StrictMode renders twice.
    const { status = [] } = await rendersOf(page)
    expect(status.length - (before['status']?.length ?? 0)).toBeLessThanOrEqual(2)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('shows of another client what that one knows, never whom the server saw for the first', async () => {
    const { page, complaints } = await open('/known', newAccount())
    const before = (await rendersOf(page))['name'] ?? []
    await page.evaluate('change()')
    await page.locator('#not', { hasText: 'yes' }).waitFor()
    const after = ((await rendersOf(page))['name'] ?? []).slice(before.length)
    expect(new Set(after)).toEqual(new Set(['nobody']))
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('that has gone hears of nothing more', async () => {
    const { page, complaints } = await open('/known', newAccount())
    await page.evaluate('root.unmount()')
    const before = await rendersOf(page)
    await page.evaluate('client.logout()')
    expect(await rendersOf(page)).toEqual(before)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('says what is missing where no provider is above it', () => {
    const Lost = () => useUser()?.username
    expect(() => renderToString(createElement(Lost))).toThrow('<SallyportProvider>')
  })
})
