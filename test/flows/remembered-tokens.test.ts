import { describe, expect, it, onTestFinished } from 'vitest'
import type { Identity } from '../../src/index.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { createSqliteFile } from '../databases/test-database.js'
import { MINUTE, SECOND } from './durations.js'
import { type BareNode, openNodeOfTest } from './nodes.js'
import { refresh, send } from './people.js'
import { type Holder, holderSignIn, newHolder } from './token-holders.js'

const OTHER_TENANT = '019b0000-0000-7000-8000-000000000009'

/** What becomes of somebody, at a node that is not asked about them. */
const FATES: Readonly<Record<string, (node: BareNode, holder: Holder) => Promise<unknown>>> = {
  'nothing has happened': async () => undefined,
  'signed out': (node, { access }) => send(node, 'POST', '/auth/logout', access),
  'all sessions ended from elsewhere': async (node, { email }) =>
    send(node, 'DELETE', '/auth/sessions', (await holderSignIn(node, email)).access),
  disabled: (node, { userId }) => node.api.users.disable(userId),
  'renamed by its holder': (node, { access }) => send(node, 'PATCH', '/auth/me', access, { username: 'somebody-else' }),
  refreshed: (node, { refresh: token }) => refresh(node, token),
}

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'x-tenant-id': OTHER_TENANT },
  { 'x-tenant-id': DEFAULT_TENANT_ID },
]

/** What a guard of a host application decides. */
async function decisionOf(node: BareNode, token: string, source: 'header' | 'cookie', more = {}) {
  const sent: Readonly<Record<string, string>> = {
    'x-request-id': 'trace-7',
    ...more,
    ...(source === 'header' ? { authorization: `Bearer ${token}` } : { cookie: `session_id=${token}` }),
  }
  const call = { method: 'GET', header: (name: string) => sent[name], host: 'localhost', remoteAddress: '127.0.0.1' }
  const guarded = node.host.guard(call, { mode: 'require' })
  const { refusal, identity } = { refusal: null, identity: null, ...(await guarded) }
  const decision: { readonly refused: unknown } | { readonly identity: Identity | null } =
    refusal === null ? { identity } : { refused: [refusal.status, refusal.fields, String(refusal.body)] }
  return { atOnce: !(guarded instanceof Promise), decision }
}

describe('A token that a node remembers', () => {
  it.each(['stateful', 'stateless'] as const)('is judged as by a node that has never seen it: %s', async (mode) => {
    const database = await createSqliteFile()
    onTestFinished(() => database.remove())
    const clock = new ManualClock()
    const open = () => openNodeOfTest({ url: database.url, clock, auth: { mode } })
    const [warm, elsewhere] = [await open(), await open()]
    const holders: { readonly fate: string; readonly holder: Holder }[] = []
    for (const fate of Object.keys(FATES)) {
      const holder = await newHolder(warm)
      for (let times = 0; times < 2; times++) await decisionOf(warm, holder.access, 'header')
      holders.push({ fate, holder })
    }
    // Else what follows would compare a way with itself.
    expect((await decisionOf(warm, holders[0]?.holder.access ?? '', 'cookie')).atOnce).toBe(true)

    for (const { fate, holder } of holders) await FATES[fate]?.(elsewhere, holder)
    for (const passed of [0, 20 * MINUTE]) {
      clock.advance(passed)
      await warm.sync()
      const cold = await open()
      for (const { fate, holder } of holders) {
        for (const source of ['header', 'cookie'] as const) {
          for (const more of HEADERS) {
            const [told, expected] = [
              await decisionOf(warm, holder.access, source, more),
              await decisionOf(cold, holder.access, source, more),
            ]
            const what = `${fate}, ${passed / SECOND} s later, by ${source} ${JSON.stringify(more)}`
            expect(told.decision, what).toEqual(expected.decision)
          }
        }
      }
    }
  })
})
