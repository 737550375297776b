import { expect, it } from 'vitest'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { Browser } from '../flows/browser.js'
import { describeEachAuth } from '../flows/each-auth.js'
import { bearer, get, newcomer, newEmail, post, refresh, signIn, tokensOf } from '../flows/people.js'
import { hideTable, refuseEvents } from '../flows/refusing-database.js'

const PASSWORDS = ['corr\u00e9ct h\u00f6rse+1', 'wrong b\u00e4ttery&2', 'third <st\u00e4ple>"3']

// ASVS 16.2.5
describeEachAuth(
  'Logs and audit events',
  (stage) => {
    it('hold no password, token or cookie, in no spelling, whatever happened', async () => {
      const logger = new CapturedLogs()
      const auth = await stage.open({ logger })
      const [password = '', wrong = '', third = ''] = PASSWORDS
      const secrets = new Set<string>(PASSWORDS)
      const keep = ({ access_token, refresh_token }: { access_token: string; refresh_token: string }) => {
        for (const token of [access_token, refresh_token]) secrets.add(token).add(token.slice(4, 47))
      }

      const person = await newcomer(auth, { password })
      keep(person)
      keep(await signIn(auth, person))
      await post(auth, '/auth/login', { email: person.email, password: wrong })
      await post(auth, '/auth/login', { email: newEmail(), password: third })
      await post(auth, '/auth/register', { email: person.email, password: third })
      // Secrets in the wrong place: as an address, a name, a tenant, in the path, the query, a header.
      await post(auth, '/auth/login', { email: password, password: wrong })
      await post(auth, '/auth/register', { email: newEmail(), password, username: `${third}\n` })
      await post(auth, '/auth/login', { email: person.email, password, tenant_id: wrong })
      await post(auth, '/auth/login', `{"password":"${password}"`)
      await get(auth, `/auth/sessions/${person.access_token}`, person.access_token)
      await auth.request(`/auth/sessions/${person.access_token}`, {
        method: 'DELETE',
        headers: bearer(person.access_token),
      })
      await auth.request(`/auth/me?access_token=${person.access_token}`)
      await auth.request(`/nothing/${person.refresh_token}`)
      await auth.request('/auth/me', { headers: { authorization: person.access_token } })
      await auth.request('/auth/me', { headers: { cookie: `session_id=${person.access_token}; session_id=x` } })

      const next = await tokensOf(await refresh(auth, person.refresh_token))
      keep(next)
      auth.clock.advance(60_000)
      await refresh(auth, person.refresh_token)

      const browser = new Browser(auth)
      await browser.send('POST', '/auth/login', { json: { email: person.email, password, transport: 'cookie' } })
      const csrf = await browser.csrf()
      secrets.add(csrf['x-csrf-token'] ?? '')
      await browser.send('PATCH', '/auth/me', { json: { username: 'Anna' }, headers: csrf })
      for (const { value } of browser.cookies.values()) secrets.add(value)
      await browser.send('POST', '/auth/refresh')
      for (const { value } of browser.cookies.values()) secrets.add(value)
      const kept = browser.value('session_id') ?? ''

      // And when the database fails in the middle of it.
      const allow = await refuseEvents(stage, 'session.created')
      expect((await post(auth, '/auth/login', { email: person.email, password })).status).toBeGreaterThanOrEqual(500)
      expect((await post(auth, '/auth/register', { email: newEmail(), password })).status).toBeGreaterThanOrEqual(500)
      await allow()
      const db = await stage.db()
      const bringBack = await hideTable(db, 'sessions')
      expect((await get(auth, '/auth/sessions', kept)).status).toBeGreaterThanOrEqual(500)
      expect((await browser.send('POST', '/auth/refresh')).status).toBeGreaterThanOrEqual(500)
      await bringBack()
      await browser.send('POST', '/auth/logout')
      await auth.flush()
      await auth.cleanUp()

      const logs = JSON.stringify(logger.lines)
      const events = JSON.stringify(await db.selectFrom('audit_events').selectAll().execute())
      expect(logger.lines.length).toBeGreaterThan(20)
      expect(logger.lines.some(({ level }) => level === 'error')).toBe(true)
      expect(events).toContain('refresh.reused')
      for (const secret of secrets) {
        for (const [spelling, text] of Object.entries(spellingsOf(secret))) {
          expect(logs.includes(text), `${spelling} of ${secret} in the logs`).toBe(false)
          expect(events.includes(text), `${spelling} of ${secret} in the audit log`).toBe(false)
        }
      }
      expect(logs + events).not.toMatch(/\$argon2|\$2[aby]\$/)
    })
  },
  'test',
)

/** How a secret may be written down without looking like itself. */
function spellingsOf(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret, 'utf8')
  return {
    text: secret,
    'NFD text': secret.normalize('NFD'),
    'JSON text': JSON.stringify(secret).slice(1, -1),
    'URL encoding': encodeURIComponent(secret),
    'form encoding': new URLSearchParams({ x: secret }).toString().slice(2),
    // Without the last group, which depends on what follows.
    base64: bytes.toString('base64').replace(/.{4}$/, ''),
    base64url: bytes.toString('base64url').replace(/.{4}$/, ''),
    hex: bytes.toString('hex'),
    'a list of bytes': [...bytes].join(','),
  }
}
