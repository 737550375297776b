import { expect, it, onTestFinished } from 'vitest'
import { type Composition, composeAuth } from '../../src/auth.js'
import { type ConfigInput, parseConfig } from '../../src/config/config.js'
import { forwardAuthDoor } from '../../src/features/tokens/token-forward-auth.js'
import type { Answer } from '../../src/http/answer.js'
import { createDoors } from '../../src/http/doors.js'
import type { Call } from '../../src/http/http-app-types.js'
import { RequestDurations } from '../../src/http/request-durations.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { DAY, MINUTE } from './durations.js'
import { newEmail, PASSWORD } from './people.js'

const REQUEST_ID = 'the-same'
const OTHER_TENANT = '019b0000-0000-7000-8000-00000000000f'

interface World {
  readonly composition: Composition
  readonly clock: ManualClock
  /** What stands for a credential in the tables below: header fields. */
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>
}

async function worldOf(auth: ConfigInput['auth']): Promise<World> {
  const clock = new ManualClock()
  const config = parseConfig(
    {
      secret: 'a master key for tests, never for anything else',
      storage: { url: 'sqlite::memory:' },
      limits: { enabled: false },
      auth: { ...auth, password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 } } },
    },
    { nodeEnv: 'test' },
  )
  const composition = await composeAuth(config, { clock })
  onTestFinished(() => composition.auth.close())
  const { api } = composition.auth
  const newcomer = () => api.register({ email: newEmail(), password: PASSWORD })
  const [ada, ended, disabled, changed] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()]
  const guest = (await api.guests.create()).token
  const endedGuest = (await api.guests.create()).token
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const credentials = {
    nobody: {},
    account: bearer(ada.accessToken),
    'an account in lower case': { authorization: `bearer ${ada.accessToken}` },
    'an account after two blanks': { authorization: `Bearer  ${ada.accessToken}` },
    'an account and something behind': { authorization: `Bearer ${ada.accessToken} ` },
    'an account by cookie': { cookie: `session_id=${ada.accessToken}` },
    'a header that is no Bearer beside a cookie': {
      authorization: 'Basic YTpi',
      cookie: `session_id=${ada.accessToken}`,
    },
    'an unknown header beside a cookie': { ...bearer('x'), cookie: `session_id=${ada.accessToken}` },
    'two cookies': { cookie: `session_id=${ada.accessToken}; session_id=${guest}` },
    'its own tenant': { ...bearer(ada.accessToken), 'x-tenant-id': DEFAULT_TENANT_ID },
    'its own tenant in capitals': { ...bearer(ada.accessToken), 'x-tenant-id': DEFAULT_TENANT_ID.toUpperCase() },
    'another tenant': { ...bearer(ada.accessToken), 'x-tenant-id': OTHER_TENANT },
    'a refresh token': bearer(ada.refreshToken),
    'a forged token': bearer(`${ada.accessToken.slice(0, -2)}${ada.accessToken.endsWith('AA') ? 'BB' : 'AA'}`),
    guest: bearer(guest),
    'a guest by cookie': { cookie: `session_id=${guest}` },
    'a guest of another tenant': { ...bearer(guest), 'x-tenant-id': OTHER_TENANT },
    'an ended session': bearer(ended.accessToken),
    'an ended guest': bearer(endedGuest),
    'a disabled account': bearer(disabled.accessToken),
    'an account that has got another name': bearer(changed.accessToken),
  }
  const world = { composition, clock, credentials }
  // Memory knows all of them before anything happens to some.
  for (const credential of Object.keys(credentials)) {
    for (const path of ['/auth/verify', '/auth/me', '/session/validate']) await fast(world, { path, credential })
  }
  await api.logout({ accessToken: ended.accessToken })
  await api.guests.end({ token: endedGuest })
  await api.users.disable(disabled.userId)
  await api.updateMe(await api.verify({ accessToken: changed.accessToken }), { username: 'another' })
  return world
}

interface Asked {
  readonly path: string
  readonly credential: string
  readonly method?: string
  readonly query?: string
}

function callOf({ credentials }: World, { path, credential, method = 'GET', query = '' }: Asked): Call {
  const sent: Readonly<Record<string, string>> = { ...credentials[credential], 'x-request-id': REQUEST_ID }
  const header = (name: string) => sent[name.toLowerCase()]
  return { method, path, query, host: 'localhost', header, remoteAddress: '127.0.0.1', body: () => null }
}

function fast(world: World, asked: Asked): Answer | Promise<Answer> {
  return world.composition.app.answer(callOf(world, asked))
}

/** The same without what memory may answer ahead: a route answers a page of another origin, and the door has forgotten all. */
function slow(world: World, asked: Asked): Answer | Promise<Answer> {
  const { composition, clock } = world
  const { config, tokens } = composition
  const call = callOf(world, asked)
  if (asked.path !== '/auth/verify') {
    const header = (name: string) => (name === 'origin' ? 'https://elsewhere.example' : call.header(name))
    return composition.app.answer({ ...call, header })
  }
  const door = forwardAuthDoor({ ...tokens, recall: () => null }, 'session_id')
  return notNull(
    createDoors({
      doors: [door],
      config,
      clock,
      logger: silentLogger,
      durations: new RequestDurations(),
      renew: (...given) => tokens.renew(...given),
    })(call),
  )
}

function notNull<T>(value: T | null): T {
  if (value === null) throw new Error('Nobody answers there')
  return value
}

async function shown(answer: Answer | Promise<Answer>) {
  const { status, fields, body } = await answer
  const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${fields[at + 1]}`] : []))
  return { status, fields: pairs.sort(), body }
}

const QUERIES = [
  '',
  'role=viewer',
  'role=admin',
  'role=viewer&role=admin',
  'permission=profile:read',
  'rolle=viewer',
  'role',
]

function* questions({ credentials }: World): Generator<Asked> {
  for (const credential of Object.keys(credentials)) {
    for (const query of QUERIES) yield { path: '/auth/verify', credential, query }
    for (const method of ['HEAD', 'POST', 'OPTIONS']) yield { path: '/auth/verify', credential, method }
    for (const path of ['/auth/me', '/users/me', '/session/validate']) {
      for (const method of ['GET', 'HEAD']) yield { path, credential, method, query: 'x=1' }
    }
  }
}

const MODES = [
  ['stateful', { mode: 'stateful' }],
  ['stateless', { mode: 'stateless' }],
  ['stateless, with a look at the session', { mode: 'stateless', jwt: { sessionCheck: 'always' } }],
  ['stateless, with no look at anything', { mode: 'stateless', jwt: { sessionCheck: 'none' } }],
  ['both', { mode: 'stateful', accept: ['stateful', 'stateless'] }],
] as const satisfies readonly (readonly [string, ConfigInput['auth']])[]

it.each(MODES)('what is answered at once is what is answered after a look: %s', async (_name, auth) => {
  const world = await worldOf(auth)
  // Of what was only just changed, of what memory has for certain, near the end of the tokens, and after it.
  for (const later of [0, 14 * MINUTE, 2 * MINUTE, 7 * DAY - 20 * MINUTE]) {
    world.clock.advance(later)
    await world.composition.sync()
    for (const asked of questions(world)) {
      const [first, second] = [await shown(fast(world, asked)), await shown(slow(world, asked))]
      expect({ asked, ...first }).toEqual({ asked, ...second })
      // What has been looked up now is answered from memory now.
      expect({ asked, ...(await shown(fast(world, asked))) }).toEqual({ asked, ...second })
    }
  }
})

it.each(MODES.filter(([name]) => name !== 'stateless, with a look at the session'))(
  'whom memory knows waits for nothing: %s',
  async (_name, auth) => {
    const world = await worldOf(auth)
    const isAtOnce = (path: string, credential: string) => !(fast(world, { path, credential }) instanceof Promise)
    for (const credential of ['account', 'an account by cookie', 'its own tenant', 'guest', 'a guest by cookie']) {
      for (const path of ['/auth/verify', '/auth/me', '/users/me']) {
        await fast(world, { path, credential })
        expect([path, credential, isAtOnce(path, credential)]).toEqual([path, credential, true])
      }
    }
    expect(isAtOnce('/session/validate', 'guest')).toBe(true)
    for (const credential of ['nobody', 'two cookies', 'another tenant', 'an ended session', 'a disabled account']) {
      expect([credential, isAtOnce('/auth/me', credential)]).toEqual([credential, false])
    }
  },
)
