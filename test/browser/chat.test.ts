import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { EXAMPLE_STARTS, runExample } from '../examples/run-example.js'
import { startChromium } from './chromium.js'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
}, EXAMPLE_STARTS)
afterAll(() => browser?.close())

async function startChat(): Promise<string> {
  const chat = await runExample('chat')
  onTestFinished(async () => expect(await chat.stop()).toBe(0))
  return chat.url
}

const complaints: string[] = []

async function enter(url: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  await page.locator('#state', { hasText: 'connected' }).waitFor()
  return page
}

const text = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? ''

async function say(page: Page, words: string): Promise<void> {
  await page.fill('#text', words)
  await page.click('#say button')
}

it(
  'guests talk in the chat; one becomes an account on the same connection, and signing out ends it',
  async () => {
    const url = await startChat()
    const [ada, bob] = [await enter(url), await enter(url)]
    const name = await text(ada, '#me')
    expect(name).toMatch(/^[a-z]+-[a-z]+-\d+$/)
    expect(await text(ada, '#kind')).toBe('(guest)')
    await bob.locator('#people li', { hasText: `${name} (guest)` }).waitFor()

    await say(ada, 'hello, <b>everybody</b>')
    await bob.locator('#messages li', { hasText: `${name}hello, <b>everybody</b>` }).waitFor()
    await say(bob, 'hello')
    await ada.locator('#messages li', { hasText: 'hello' }).nth(1).waitFor()

    const states: string[] = []
    await ada.exposeFunction('noteState', (state: string) => states.push(state))
    await ada.evaluate(
      `new MutationObserver(() => noteState(document.getElementById('state').textContent)).observe(document.getElementById('state'), { childList: true })`,
    )
    await ada.fill('#email', 'ada@example.com')
    await ada.fill('#password', 'correct horse battery')
    await ada.click('#upgrade button')
    await ada.locator('#kind', { hasText: '(ada@example.com)' }).waitFor()
    expect(await text(ada, '#me')).toBe(name)
    await bob.locator('#people li', { hasText: new RegExp(`^${name}$`) }).waitFor()
    await say(ada, 'still here')
    await bob.locator('#messages li', { hasText: `${name}still here` }).waitFor()
    // It was never closed.
    expect(states).toEqual([])

    await ada.click('#leave')
    await ada.locator('#state', { hasText: 'closed (4403)' }).waitFor()
    await bob.locator('#people li', { hasText: name }).waitFor({ state: 'detached' })
    expect(await ada.evaluate('document.cookie')).toBe('')
    expect(complaints).toEqual([])
  },
  EXAMPLE_STARTS,
)
