import type { Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeServer } from '../../src/adapters/node.js'
import { close, listen } from '../http/raw-socket.js'
import { createSampleApp } from '../http/sample-app.js'
import { startChromium } from './chromium.js'

let browser: Browser
let server: Server
let origin: string

beforeAll(async () => {
  const { app, log } = createSampleApp()
  const note = (fields: Record<string, unknown>) => log.push(fields)
  const config = { server: { publicUrl: null, basePaths: ['/auth'], trustProxy: [], cors: { origins: [] } } }
  server = createNodeServer(app, config, { logger: { info: note, error: note } })
  origin = `http://127.0.0.1:${await listen(server)}`
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.close()
  await close(server)
})

describe('the page at /docs, in Chromium under its own policy', () => {
  it('shows the operations and sends one, without a complaint and without another host', async () => {
    const page = await browser.newPage()
    const complaints: string[] = []
    const hosts = new Set<string>()
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => hosts.add(new URL(request.url()).origin))

    await page.goto(`${origin}/docs`)
    await page.locator('.opblock-summary-control', { hasText: '/auth/open' }).first().click()
    await page.getByRole('button', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Execute' }).click()

    const answer = page.locator('.live-responses-table .response .response-col_status')
    await answer.waitFor()
    expect(await answer.textContent()).toContain('200')
    expect(complaints).toEqual([])
    expect([...hosts]).toEqual([origin])
  })
})
