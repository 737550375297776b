import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FormPages } from './form-pages.js'
import { EXAMPLE_STARTS, type RunningExample, runExample } from './run-example.js'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'examples', 'next-app')
const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }

let example: RunningExample
beforeAll(async () => {
  example = await runExample('next-app', { NEXT_TELEMETRY_DISABLED: '1' })
}, EXAMPLE_STARTS)
afterAll(() => example?.stop())

it('leads through sign-up, a protected page and sign-out, and past its doors leads nothing', {
  timeout: 180_000,
}, async () => {
  const { url } = example
  const ada = new FormPages(url)
  expect((await ada.open('/')).text).toContain('Hello, stranger')

  // Neither what Next.js writes to itself nor another host's name opens the door, or points the way elsewhere.
  const forgeries: Record<string, string>[] = [
    {},
    { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy', 'x-middleware-next': '1' },
    { 'x-middleware-subrequest': 'src/proxy:src/proxy:src/proxy:src/proxy:src/proxy' },
    { 'x-middleware-rewrite': '/', 'x-nextjs-data': '1', 'x-auth-user-id': '1' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  ]
  for (const headers of forgeries) {
    const { status, location, text } = await ada.open('/dashboard?tab=2', headers)
    expect([status, location], JSON.stringify(headers)).toEqual([307, '/sign-in?return_to=%2Fdashboard%3Ftab%3D2'])
    expect(text).not.toContain('Notes of')
  }

  await ada.open('/sign-up?return_to=%2F%2Fevil.example')
  const signedUp = await ada.submit('Sign up', account)
  expect([signedUp.status, signedUp.location]).toEqual([303, '/dashboard'])
  expect(signedUp.cookies.map((line) => line.replace(/=.*?;/, ';').replace(/Expires=[^;]*; /, ''))).toEqual([
    'session_id; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=lax',
    'refresh_token; Path=/auth/refresh; Max-Age=2592000; Secure; HttpOnly; SameSite=lax',
    'known_device; Path=/; Max-Age=15552000; Secure; HttpOnly; SameSite=lax',
  ])
  const dashboard = await ada.open('/dashboard')
  expect(dashboard.text).toMatch(/Notes of .*ada/)
  expect(dashboard.text).not.toMatch(/sp[sr]_/)
  await ada.submit('Add', { text: 'buy milk' })
  expect((await ada.open('/dashboard')).text).toContain('<li>buy milk</li>')

  // The address is that of the connection, whatever the request claims.
  const forged = { 'x-forwarded-for': '203.0.113.66', 'x-sallyport-peer': '203.0.113.66' }
  const sessions = JSON.parse((await ada.open('/auth/sessions', forged)).text)
  expect(sessions.sessions).toMatchObject([{ current: true, ip_address: '127.0.0.1' }])

  // An action is an endpoint: it asks for itself, from whatever page and by whomever it is called.
  const stranger = new FormPages(url)
  const foreign = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
  await ada.open('/dashboard')
  const tries = [
    await stranger.submitFrom(ada, '/', 'Add', { text: 'by a stranger' }),
    await stranger.submitFrom(ada, '/dashboard', 'Add', { text: 'by a stranger' }),
    await ada.submit('Add', { text: 'by another site' }, foreign),
    await ada.submit('Add', { text: 'by another site' }, { 'sec-fetch-site': 'cross-site' }),
  ]
  for (const { status } of tries) expect(status).toBeGreaterThanOrEqual(400)
  expect((await stranger.open('/api/notes')).status).toBe(401)
  expect(JSON.parse((await ada.open('/api/notes')).text)).toEqual(['buy milk'])

  const held = ada.cookie
  await ada.open('/')
  const signedOut = await ada.submit('Sign out')
  expect([signedOut.status, signedOut.location]).toEqual([303, '/'])
  expect((await ada.open('/dashboard')).location).toBe('/sign-in?return_to=%2Fdashboard')
  expect((await stranger.open('/api/notes', { cookie: held })).status).toBe(401)

  await ada.open('/sign-in?return_to=%2Fdashboard%3Ftab%3D2')
  const wrong = await ada.submit('Sign in', { ...account, password: 'wrong' })
  expect(wrong.location).toMatch(/^\/sign-in\?error=.*&return_to=%2Fdashboard%3Ftab%3D2$/)
  await ada.open(wrong.location ?? '')
  expect((await ada.submit('Sign in', account)).location).toBe('/dashboard?tab=2')
})

it('is typed without a cast, against the types that are published', () => {
  const compiled = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(compiled.stdout).toBe('')
})

it('is what its guide shows', () => {
  const guide = readFileSync(join(root, 'docs', 'guides', 'nextjs.md'), 'utf8')
  const blocks = [...guide.matchAll(/^```(?:ts|tsx|js) file=(\S+)\n([\s\S]*?)^```$/gm)]
  expect(blocks.length).toBeGreaterThan(7)
  expect(blocks.length).toBe(guide.match(/^```[a-z]/gm)?.length)
  for (const [, file = '', text = ''] of blocks) expect(readFileSync(join(folder, file), 'utf8'), file).toContain(text)
})
