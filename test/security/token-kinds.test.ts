import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { BareNode } from '../flows/nodes.js'
import { bearer } from '../flows/people.js'
import { type Bank, KINDS, type Kind, openBank, PREFIXES, type Purse } from './token-kinds.js'

/** Where a credential is put. */
const PLACES = ['header', 'cookie', 'refresh cookie', 'body', 'CSRF header', 'query'] as const
type Place = (typeof PLACES)[number]

const ACCOUNT: readonly Kind[] = ['opaque access', 'JWT access']
const ACCESS: readonly Kind[] = [...ACCOUNT, 'guest']

/** What a route takes: kinds by place, with the status of success. Everything else must be refused or ignored. */
interface Expectation {
  readonly takes: Partial<Record<Place, readonly Kind[]>>
  readonly success: number
  /** What it answers to who brings nothing that it takes. */
  readonly otherwise: number
  /** A body that is right, but for the credential. */
  readonly body?: Readonly<Record<string, unknown>>
  /** True for a write, which needs a CSRF token beside a cookie: with the cookie alone it is refused. */
  readonly csrf?: boolean
}

const identified = { takes: { header: ACCESS, cookie: ACCESS }, success: 200, otherwise: 401 } as const
const ofGuests = { takes: { header: ['guest'], cookie: ['guest'] }, success: 200, otherwise: 401 } as const
/** Neither looks at a credential nor is impressed by one. */
const open = (status: number) => ({ takes: {}, success: status, otherwise: status })

/** Every route. One that is not here fails the test: say what it takes. */
const EXPECTED: Readonly<Record<string, Expectation>> = {
  'POST /auth/register': { ...open(400), body: {} },
  'POST /auth/login': { ...open(400), body: {} },
  'POST /auth/password/change': { ...identified, csrf: true, success: 400, body: {} },
  'POST /auth/password/forgot': { ...open(400), body: {} },
  // The token of a sign-in by mail is none to set a password with.
  'POST /auth/password/reset': { ...open(401), body: { token: 'spt_unknown', new_password: 'bravo heron lattice' } },
  'POST /auth/magic-link': { ...open(400), body: {} },
  'POST /auth/magic-link/verify': {
    ...{ takes: { body: ['one-time'] }, success: 200, otherwise: 401 },
    body: { token: 'spt_unknown' },
  },
  'POST /auth/refresh': { takes: { body: ['refresh'], 'refresh cookie': ['refresh'] }, success: 200, otherwise: 401 },
  // Whatever comes, the answer is the same; what it did is looked at below.
  'POST /auth/logout': open(204),
  'GET /auth/csrf': identified,
  'GET /auth/me': identified,
  'GET /users/me': identified,
  'PATCH /auth/me': { ...identified, csrf: true, body: {} },
  'POST /auth/reauthenticate': { ...identified, csrf: true, success: 400, body: {} },
  'GET /auth/sessions': identified,
  'DELETE /auth/sessions': { ...identified, csrf: true },
  'DELETE /auth/sessions/{id}': { ...identified, csrf: true, success: 404 },
  'GET /auth/verify': identified,
  'POST /auth/email/verify': { ...open(401), body: { token: 'spt_none' } },
  'POST /auth/email/change/undo': { ...open(401), body: { token: 'spt_none' } },
  'POST /auth/email/verify/resend': { takes: { header: ACCESS, cookie: ACCESS }, success: 202, otherwise: 401 },
  'POST /auth/email/change': { ...identified, csrf: true, success: 400, body: {} },
  'GET /auth/pages/verify-email': open(200),
  'GET /auth/pages/email-change': open(200),
  'GET /auth/pages/email-undo': open(200),
  'GET /auth/pages/reset-password': open(200),
  'GET /auth/pages/forgot-password': open(200),
  'GET /auth/pages/magic-link': open(200),
  'GET /auth/pages/invitation': open(200),
  'GET /auth/pages/page.js': open(200),
  'GET /auth/pages/page.css': open(200),
  'POST /session': open(201),
  'GET /session/validate': ofGuests,
  'POST /session/refresh': { ...ofGuests, csrf: true },
  'DELETE /session': { ...ofGuests, csrf: true, success: 204 },
  'POST /session/upgrade': { ...ofGuests, csrf: true, success: 400, body: {} },
  'GET /.well-known/jwks.json': open(200),
  'GET /health/live': open(200),
  'GET /health/ready': open(200),
  'GET /metrics': open(200),
  'GET /openapi.json': open(200),
  'GET /docs': open(200),
  'GET /docs/docs.js': open(200),
  'GET /docs/swagger-ui-bundle.js': open(200),
  'GET /docs/swagger-ui.css': open(200),
}

const documentShape = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

// ASVS 9.2.2
describe('Kinds of credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kinds-'))
  let bank: Bank | undefined
  beforeAll(async () => {
    bank = await openBank(`sqlite:${join(folder, 'test.db')}`)
  })
  afterAll(async () => {
    await bank?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const theBank = (): Bank => {
    if (bank === undefined) throw new Error('There is no bank outside a test.')
    return bank
  }

  it('are all those that the code has a prefix for', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8').replace(/^\s*(?:\*|\/\/|\/\*\*).*$/gm, ''))
    const prefixes = new Set(sources.flatMap((text) => text.match(/\bsp[a-z]_/g) ?? []))
    expect([...prefixes].sort()).toEqual(Object.keys(PREFIXES).sort())
  })

  it('are expected at every route that there is', () => {
    for (const node of [theBank().stateful, theBank().stateless]) {
      expect(routesOf(node)).toEqual(Object.keys(EXPECTED).sort())
    }
  })

  describe.each(['stateful', 'stateless'] as const)('in %s mode', (mode) => {
    it.each(Object.keys(EXPECTED))('are told apart by %s', async (route) => {
      const node = theBank()[mode]
      const expectation = EXPECTED[route]
      if (expectation === undefined) throw new Error(`nothing is expected of ${route}`)
      let purse = await theBank().purse()
      for (const place of PLACES) {
        for (const kind of KINDS) {
          const status = await statusOf(node, route, expectation, place, purse, kind)
          const isTaken = expectation.takes[place]?.includes(kind) ?? false
          const blocked = isTaken && expectation.csrf === true && place === 'cookie'
          const wanted = blocked ? 403 : isTaken ? expectation.success : expectation.otherwise
          expect({ route, place, kind, status }).toEqual({ route, place, kind, status: wanted })
          await expectUnharmed(node, route, place, kind, purse)
          // What was taken may be spent by it.
          if (isTaken || route === 'POST /auth/logout') purse = await theBank().purse()
        }
      }
    })

    it('open a write with a cookie only beside the CSRF token of that session', async () => {
      const node = theBank()[mode]
      for (const access of ACCOUNT) {
        for (const kind of KINDS) {
          const purse = await theBank().purse()
          const answer = await node.request('/auth/me', {
            method: 'PATCH',
            headers: {
              'content-type': 'application/json',
              cookie: `session_id=${purse[access]}`,
              'x-csrf-token': purse[kind],
            },
            body: '{}',
          })
          expect([access, kind, answer.status]).toEqual([access, kind, kind === 'CSRF' ? 200 : 403])
        }
        const [own, foreign] = [await theBank().purse(), await theBank().purse()]
        const headers = { cookie: `session_id=${own[access]}`, 'x-csrf-token': foreign.CSRF }
        expect((await node.request('/auth/sessions', { method: 'DELETE', headers })).status).toBe(403)
      }
    })
  })
})

function routesOf(node: BareNode): string[] {
  const { paths } = documentShape.parse(node.openapi())
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => /^(?:get|post|put|patch|delete)$/.test(method))
      .map((method) => `${method.toUpperCase()} ${path}`),
  )
  // The second base path answers identically, as another test shows.
  return routes.filter((route) => !route.includes(' /api/auth/')).sort()
}

async function statusOf(
  node: BareNode,
  route: string,
  { body }: Expectation,
  place: Place,
  purse: Purse,
  kind: Kind,
): Promise<number> {
  const [method = '', template = ''] = route.split(' ')
  const token = purse[kind]
  const headers: Record<string, string> = {}
  let json: Record<string, unknown> | undefined = body === undefined ? undefined : { ...body }
  let path = template.replace('{id}', '01900000-0000-7000-8000-000000000000')
  if (place === 'header') Object.assign(headers, bearer(token))
  if (place === 'cookie') headers['cookie'] = `session_id=${token}`
  if (place === 'refresh cookie') headers['cookie'] = `refresh_token=${token}`
  if (place === 'CSRF header') headers['x-csrf-token'] = token
  if (place === 'body') json = { ...json, refresh_token: token, access_token: token, session_token: token, token }
  if (place === 'query' && !/verify|sessions$/.test(path)) path += `?access_token=${token}&refresh_token=${token}`
  if (method === 'GET') json = undefined
  if (json !== undefined) headers['content-type'] = 'application/json'
  const init = { method, headers, ...(json !== undefined && { body: JSON.stringify(json) }) }
  return (await node.request(path, init)).status
}

/** A kind in a place where it opens nothing leaves its session as it was. */
async function expectUnharmed(node: BareNode, route: string, place: Place, kind: Kind, purse: Purse): Promise<void> {
  const isGenuine = ACCESS.includes(kind) && (place === 'header' || place === 'cookie')
  const isEnd = route === 'DELETE /auth/sessions' || (route === 'DELETE /session' && kind === 'guest')
  const isEnded = isGenuine && (route === 'POST /auth/logout' || (isEnd && place === 'header'))
  for (const access of ACCESS) {
    const ends = isEnded && (access === 'guest') === (kind === 'guest')
    const { status } = await node.request('/auth/verify', { headers: bearer(purse[access]) })
    expect({ route, place, kind, access, status }).toEqual({ route, place, kind, access, status: ends ? 401 : 200 })
  }
}
