import { describe, expect, it } from 'vitest'
import { identity } from '../../test/http/sample-app.js'
import type { Credential, Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { ManualClock } from '../runtime/clock.js'
import { createGuard } from './guard.js'
import type { Admitted, Demand, GuardCall, Guarded } from './host-types.js'
import type { HttpDependencies } from './http-app-types.js'
import { RequestDurations } from './request-durations.js'

const failures: unknown[] = []
const guest: Identity = { ...identity, authMethods: ['guest'], isGuest: true }
const recentlyNot: Identity = { ...identity, authTime: -1 }

/** Whose token a word is; `lost` while the database is gone, `other` where the tenant of the header is another one. */
function judge({ token }: Credential): Identity {
  if (token === 'good' || token === 'due' || token === 'asked') return identity
  if (token === 'guest' || token === 'guest-due') return guest
  if (token === 'poor') return { ...identity, permissions: [], roles: [] }
  if (token === 'long-ago') return recentlyNot
  if (token === 'lost') throw new SallyportError('unavailable', { retryAfter: 1 })
  if (token === 'broken') throw new Error('select secret')
  throw new SallyportError(token === 'other' ? 'forbidden' : 'invalid_token')
}

const KNOWN: ReadonlySet<string> = new Set(['good', 'due', 'asked', 'guest', 'guest-due', 'poor', 'long-ago', 'other'])

/** What memory says: it knows tokens that were good before, and a contradiction when it sees one. */
function recalled(credential: Credential): Identity | null {
  return KNOWN.has(credential.token) ? judge(credential) : null
}

const renew: NonNullable<HttpDependencies['renew']> = ({ token }) => {
  if (token === 'asked') return Promise.resolve(null)
  return token.endsWith('due') ? Promise.resolve({ accessToken: 'next', expiresAt: 1e12, maxAge: 60 }) : null
}

/** A guard over words as tokens. @param recall what memory says; without one it knows nothing */
function guardOver(recall?: (credential: Credential) => Identity | null) {
  const asked: string[] = []
  const { guard } = createGuard({
    routes: [],
    doors: [],
    config: { server: { publicUrl: null, basePaths: ['/auth'], trustProxy: [], cors: { origins: [] } } },
    logger: { info: () => undefined, error: (fields) => failures.push(fields) },
    clock: new ManualClock(),
    durations: new RequestDurations(),
    ...(recall && { recall }),
    authenticate: async (credential, _call, _tenant, fresh) => {
      asked.push(fresh ? `${credential.token} afresh` : credential.token)
      return judge(credential)
    },
    renew,
    assertRecent: async ({ authTime }) => {
      if (authTime < 0) throw new SallyportError('reauthentication_required', { maxAge: 60 })
    },
    csrf: { verify: async (_identity, token) => token === 'genuine' },
    limits: { consume: () => null },
  })
  return { guard, asked }
}

const callWith = (fields: Readonly<Record<string, string>>, method = 'GET'): GuardCall => ({
  method,
  header: (name) => fields[name],
  host: 'localhost',
  remoteAddress: null,
})

const callOf = (token: string | null) => callWith(token === null ? {} : { authorization: `Bearer ${token}` })

const shown = (guarded: Guarded) =>
  'refusal' in guarded ? guarded.refusal.status : (guarded.identity?.username ?? 'nobody')

const outcome = async (demand: Demand, token: string | null) => shown(await guardOver().guard(callOf(token), demand))

describe('the guard of routes that are not ours', () => {
  it.each([
    ['good', 'ada', 'ada'],
    ['bad', 401, 'nobody'],
    [null, 401, 'nobody'],
    // Nobody knows who it is: that is not to say that it is nobody.
    ['lost', 503, 503],
    ['broken', 500, 500],
  ])('judges %s where it is required and where it is optional', async (token, required, optional) => {
    expect(await outcome({ mode: 'require' }, token)).toBe(required)
    expect(await outcome({ mode: 'optional' }, token)).toBe(optional)
  })

  it('answers at once whom memory knows, and asks for whatever memory is not enough for', async () => {
    const { guard, asked } = guardOver(recalled)
    expect(guard(callOf('good'), { mode: 'require', permissions: ['things:read'] })).toMatchObject({ identity })
    expect(guard(callOf('guest'), { mode: 'require' })).toMatchObject({ identity: guest })
    expect(guard(callWith({ cookie: 'session_id=good' }), { mode: 'require' })).toMatchObject({ identity })
    expect(asked).toEqual([])
    expect(guard(callOf('good'), { mode: 'require', roles: ['admin'] })).toMatchObject({ refusal: { status: 403 } })
    for (const demand of [{ fresh: true }, { recentAuthentication: true }]) {
      expect(await guard(callOf('good'), { mode: 'require', ...demand })).toMatchObject({ identity })
    }
    expect(asked).toEqual(['good afresh', 'good'])
  })

  it('lets in at once whom a guard before has let in, and asks again for what that one did not ask', async () => {
    const { guard, asked } = guardOver()
    const before: Admitted = { identity, credential: { token: 'good', source: 'header' }, fields: ['vary', 'Cookie'] }
    expect(guard(callOf('good'), { mode: 'require' }, before)).toEqual({ ...before, fields: [] })
    expect(guard(callOf('good'), { mode: 'require', roles: ['admin'] }, before)).toMatchObject({
      refusal: { status: 403 },
    })
    const byCookie: Admitted = { ...before, credential: { token: 'good', source: 'cookie' } }
    const foreign = callWith({ cookie: 'session_id=good', origin: 'https://evil.example' }, 'POST')
    expect(await guard(foreign, { mode: 'require' }, byCookie)).toMatchObject({ refusal: { status: 403 } })
    expect(asked).toEqual([])
    expect(shown(await guard(callOf('bad'), { mode: 'require', fresh: true }, before))).toBe(401)
    expect(asked).toEqual(['bad afresh'])
  })

  it('asks for rights behind the check of where a write comes from', async () => {
    const { guard } = guardOver(recalled)
    const write = (token: string) => callWith({ cookie: `session_id=${token}`, origin: 'http://localhost' }, 'POST')
    expect(shown(await guard(write('good'), { mode: 'require', roles: ['viewer'] }))).toBe('ada')
    expect(shown(await guard(write('good'), { mode: 'require', roles: ['admin'] }))).toBe(403)
    expect(shown(await guard(write('poor'), { mode: 'require', permissions: ['things:read'] }))).toBe(403)
    expect(shown(await guard(write('long-ago'), { mode: 'require', recentAuthentication: true }))).toBe(401)
  })
})

const CREDENTIALS: readonly Readonly<Record<string, string>>[] = [
  {},
  { cookie: 'session_id=' },
  { cookie: 'session_id=good; session_id=poor' },
  { cookie: 'session_id=go od' },
  ...['', 'Bearer', 'Bearer ', 'Bearer good bad', 'Basic good', 'bearer good', 'Bearer  good'].map((authorization) => ({
    authorization,
    cookie: 'session_id=good',
  })),
  ...['good', 'due', 'asked', 'guest', 'guest-due', 'poor', 'long-ago', 'bad', 'other', 'lost', 'broken'].flatMap(
    (token) => [
      { authorization: `Bearer ${token}` },
      { cookie: `a=b; session_id=${token}` },
      { authorization: `Bearer ${token}`, cookie: 'session_id=good' },
    ],
  ),
]

const CALLS = CREDENTIALS.flatMap((fields) => [
  callWith(fields),
  callWith(fields, 'POST'),
  callWith({ ...fields, origin: 'https://evil.example' }, 'HEAD'),
  callWith({ ...fields, origin: 'https://evil.example' }, 'POST'),
  callWith({ ...fields, origin: 'http://localhost', 'x-csrf-token': 'genuine' }, 'DELETE'),
])

const REQUIRED: readonly Omit<Demand, 'mode'>[] = [
  {},
  { roles: ['viewer'] },
  { roles: ['viewer', 'admin'] },
  { permissions: ['things:read'] },
  { permissions: ['things:write'] },
  { fresh: true },
  { recentAuthentication: true },
  { csrf: 'token' },
  { csrf: 'none', permissions: ['things:read'] },
]
const DEMANDS: readonly Demand[] = [
  ...REQUIRED.map((demand) => ({ mode: 'require' as const, ...demand })),
  ...[{}, { fresh: true }, { csrf: 'token' as const }].map((demand) => ({ mode: 'optional' as const, ...demand })),
]

it('decides with what memory knows exactly as without: who, by what, what is added, and every refusal', async () => {
  const [quick, slow] = [guardOver(recalled), guardOver()]
  const kinds = { atOnce: 0, refusedAtOnce: 0, later: 0 }
  for (const demand of DEMANDS) {
    for (const call of CALLS) {
      const decided = quick.guard(call, demand)
      if (decided instanceof Promise) kinds.later++
      else kinds['refusal' in decided ? 'refusedAtOnce' : 'atOnce']++
      const sent = ['authorization', 'cookie', 'origin'].map((name) => call.header(name))
      expect(comparable(await decided), `${call.method} ${sent.join(' ')} ${JSON.stringify(demand)}`).toEqual(
        comparable(await slow.guard(call, demand)),
      )
    }
  }
  // Both ways were gone, in every manner.
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(100)
})

/** But for the request id, which is another one each time. */
function comparable(guarded: Guarded) {
  if (!('refusal' in guarded)) return guarded
  const { status, fields, body } = guarded.refusal
  const at = fields.indexOf('x-request-id') + 1
  return {
    status,
    fields: fields.filter((_, index) => index !== at),
    body: String(body).replaceAll(fields[at] ?? '', ''),
  }
}
