import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { createTestAuth } from '../../src/testing/index.js'
import { Browser } from './browser.js'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { type newcomer, newEmail, PASSWORD, standingOf } from './people.js'

const STATELESS = { config: { auth: { mode: 'stateless' } } } as const

describeEachAuth('A browser that has only cookies, in stateless mode', (stage) => {
  async function signedUp(auth: Awaited<ReturnType<typeof stage.open>>) {
    const browser = new Browser(auth)
    const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
    const token = () => browser.value('session_id') ?? ''
    const use = async () => {
      const { status } = await browser.send('GET', '/auth/sessions')
      return { status, token: token() }
    }
    return { browser, token, use }
  }

  it('gets another JWT when less than half of its life is left, and none before', async () => {
    const auth = await stage.open(STATELESS)
    const { token, use } = await signedUp(auth)
    const first = token()

    auth.clock.advance(7 * MINUTE)
    expect(await use()).toEqual({ status: 200, token: first })
    auth.clock.advance(MINUTE)
    const second = await use()
    expect(second.status).toBe(200)
    expect(second.token).not.toBe(first)
    expect(claimsOf(second.token)).toMatchObject({
      sid: claimsOf(first).sid,
      iat: claimsOf(first).iat + 8 * 60,
      exp: claimsOf(first).exp + 8 * 60,
    })
    // Which signs it by itself no longer than the first.
    expect(await standingOf(auth, first)).toBe('200')
  })

  it('stays signed in as long as it is used, until its refresh token ends', async () => {
    const auth = await stage.open(STATELESS)
    const { use } = await signedUp(auth)
    for (let hours = 0; hours < 7 * 24; hours += 1) {
      for (let quarter = 0; quarter < 6; quarter++) {
        auth.clock.advance(10 * MINUTE)
        if (hours * HOUR + (quarter + 1) * 10 * MINUTE >= 7 * DAY) break
        expect((await use()).status).toBe(200)
      }
    }
    auth.clock.advance(1)
    expect((await use()).status).toBe(401)
  }, 120_000)

  it('is asked to refresh when it comes after the end of its JWT', async () => {
    const auth = await stage.open(STATELESS)
    const { browser, use } = await signedUp(auth)
    auth.clock.advance(15 * MINUTE)
    expect((await use()).status).toBe(401)
    expect((await browser.send('POST', '/auth/refresh')).status).toBe(200)
    expect((await use()).status).toBe(200)
  })

  it('follows auth.session.refresh_threshold where that is less than half of a life', async () => {
    const config = { auth: { mode: 'stateless', session: { refreshThreshold: MINUTE } } } as const
    const auth = await stage.open({ config })
    const { token, use } = await signedUp(auth)
    const first = token()
    auth.clock.advance(13 * MINUTE)
    expect((await use()).token).toBe(first)
    auth.clock.advance(MINUTE + 1_000)
    expect((await use()).token).not.toBe(first)
  })

  it('gets nothing for a session that has ended, and a bearer gets no cookie', async () => {
    const auth = await stage.open(STATELESS)
    const { browser } = await signedUp(auth)
    auth.clock.advance(10 * MINUTE)
    const cookie = browser.cookieHeader('/auth/sessions')
    const answer = await auth.request('/auth/sessions', {
      method: 'DELETE',
      headers: { cookie, ...(await browser.csrf()) },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie().filter((line) => line.includes('ey'))).toEqual([])
    const { access_token } = await jwtNewcomer(auth)
    auth.clock.advance(10 * MINUTE)
    const bearer = await auth.request('/auth/sessions', { headers: { authorization: `Bearer ${access_token}` } })
    expect([bearer.status, bearer.headers.getSetCookie()]).toEqual([200, []])
  })
})

describe('A JWT that is larger than browsers keep of a cookie', () => {
  it('is given to nobody as one, with words that say what to do; what was asked is answered all the same', async () => {
    const logger = new CapturedLogs()
    const long = '𝌆'.repeat(400)
    const jwt = { issuer: long, audience: long }
    const auth = await createTestAuth({ config: { auth: { mode: 'stateless', jwt } }, logger })
    onTestFinished(() => auth.close())
    const browser = new Browser(auth)
    const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    const refused = await browser.send('POST', '/auth/register', { json })
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([500, []])
    expect(await refused.json()).toMatchObject({ code: 'internal', detail: expect.stringContaining('bearer') })
    expect(JSON.stringify(logger.lines)).toContain('auth.jwt.issuer')

    // As a browser would send that has been given a shorter one before.
    const { access_token } = await jwtNewcomer(auth)
    const headers = { cookie: `session_id=${access_token}` }
    const call = { method: 'GET', host: 'localhost', remoteAddress: null }
    auth.clock.advance(10 * MINUTE)
    const before = logger.lines.length
    for (let time = 0; time < 3; time++) {
      for (const path of ['/auth/me', '/auth/verify']) {
        const answer = await auth.request(path, { headers })
        expect([path, answer.status, answer.headers.getSetCookie()]).toEqual([path, 200, []])
      }
      const header = (name: string) => (name === 'cookie' ? headers.cookie : undefined)
      const guarded = await auth.host.guard({ ...call, header }, { mode: 'require' })
      expect(guarded).toMatchObject({ identity: { tokenFormat: 'jwt' }, fields: ['vary', 'Cookie'] })
    }
    // Once by each: the routes, the doors, the guard.
    const told = logger.lines.slice(before).filter(({ level }) => level === 'error')
    expect(told).toHaveLength(3)
    for (const { message } of told) expect(message).toContain('auth.jwt.issuer')
  })
})

async function jwtNewcomer(auth: Parameters<typeof newcomer>[0]) {
  const body = JSON.stringify({ email: newEmail(), password: PASSWORD })
  const headers = { 'content-type': 'application/json' }
  const answer = await auth.request('/auth/register', { method: 'POST', headers, body })
  return z.object({ access_token: z.string() }).parse(await answer.json())
}

function claimsOf(jwt: string) {
  const text = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()
  return z.object({ sid: z.string(), iat: z.int(), exp: z.int() }).parse(JSON.parse(text))
}
