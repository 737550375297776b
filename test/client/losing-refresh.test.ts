import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { Device, type Tab, type TabOptions } from './device.js'

const password = 'violet-anchor-7-lantern'
const ada = { email: 'ada@example.com', password }
const bob = { email: 'bob@example.com', password }

let auth: TestAuth
beforeAll(async () => {
  auth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
  await auth.api.register(ada)
  await auth.api.register(bob)
})
afterAll(() => auth.close())

/** A tab that hears nothing of others; what comes while it exchanges its tokens is `meanwhile`, and then it is refused. */
async function refusedAfter(
  kind: NonNullable<TabOptions['kind']>,
  meanwhile: (at: Tab & { device: Device }) => Promise<unknown>,
) {
  const device = new Device(auth)
  const tab = device.tab({ kind, channel: false, autoRefresh: false })
  await tab.client.login(ada)
  let isFirst = true
  device.network = async ({ path }, send) => {
    if (path !== '/auth/refresh' || !isFirst) return send()
    isFirst = false
    await meanwhile({ ...tab, device })
    const headers = { 'content-type': 'application/problem+json' }
    return Response.json({ code: 'session_revoked' }, { status: 401, headers })
  }
  await tab.client.refresh().catch(() => undefined)
  return { ...tab, device }
}

const signedOut = ({ events }: Tab) => events.filter(({ type }) => type === 'signed-out')

it('signs nobody out where another tab has stored newer tokens, and leaves those', async () => {
  const { accessToken, refreshToken } = await auth.api.login(ada)
  const tab = await refusedAfter('localStorage', async ({ device: { stored } }) => {
    for (const [key, text] of stored)
      stored.set(key, JSON.stringify({ ...JSON.parse(text), accessToken, refreshToken }))
  })
  expect(tab.client.session.current()).toMatchObject({ status: 'signed-in', user: { email: ada.email } })
  expect(signedOut(tab)).toEqual([])
  expect([...tab.device.stored.values()].join()).toContain(refreshToken)
  expect((await tab.client.call('me')).email).toBe(ada.email)
})

it('signs nobody out where the browser has good cookies by then, whoever they are of', async () => {
  const tab = await refusedAfter('cookie', ({ device: { browser } }) =>
    browser.send('POST', '/auth/login', { json: { ...bob, transport: 'cookie' } }),
  )
  expect(tab.client.session.current()).toMatchObject({ status: 'signed-in', user: { email: bob.email } })
  expect(signedOut(tab)).toEqual([])
  expect((await tab.client.call('me')).email).toBe(bob.email)
})

it('signs nobody out who has signed in here meanwhile', async () => {
  const tab = await refusedAfter('memory', ({ client }) => client.login(bob))
  expect(tab.client.session.current()).toMatchObject({ status: 'signed-in', user: { email: bob.email } })
  expect(signedOut(tab)).toEqual([])
})
