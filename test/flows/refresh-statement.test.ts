import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { createAccessService } from '../../src/features/access/access-service.js'
import { createAuditService } from '../../src/features/audit/audit-service.js'
import { prepareAdvanceSession } from '../../src/features/sessions/session-advance.js'
import { uuidv7 } from '../../src/runtime/ids.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { openStorage } from '../../src/storage/open-storage.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer } from './people.js'

/** What became true after the session was read, and before its pair is spent. */
const CHANGES = [
  ['its pair was spent', 'update sessions set counter = counter + 1'],
  ['it was revoked', "update sessions set revoked_at = 1, revoked_reason = 'logout'"],
  ['its refresh token ended', 'update sessions set refresh_expires_at = created_at'],
  ['it ended', 'update sessions set absolute_expires_at = created_at'],
  ['its account was disabled', 'update users set disabled_at = 1'],
  ['its credentials changed', 'update users set credential_version = credential_version + 1'],
  ['it was deleted', 'delete from sessions'],
] as const

describeEachAuth(
  'The one statement that decides a refresh',
  (stage) => {
    async function open() {
      const auth = await stage.open()
      const { clock } = auth
      const storage = await openStorage({
        url: stage.url(),
        directUrl: null,
        pool: { max: 2 },
        statementTimeout: 10_000,
        allowUnsafeDurability: true,
        production: false,
        clock,
      })
      const audit = createAuditService({ storage, clock, logger: silentLogger })
      const roles = createAccessService(storage, clock).rolesColumn()
      const advanceSession = prepareAdvanceSession({ storage, roles }, audit)
      const spend = (id: string, { counter = 1, tenantId = DEFAULT_TENANT_ID, userAgent = 'a' } = {}) => {
        const advance = { id, counter, keyId: 1, spends: [], wasIdle: false, refreshLifetime: 1000 }
        const client = { ipAddress: null, userAgent, requestId: 'r' }
        const event = { type: 'session.refreshed', actorId: null, userId: null, client } as const
        return advanceSession(oneTenant(tenantId), advance, { ...event, tenantId, sessionId: id })
      }
      const told = async (id: string) =>
        (
          await storage.db
            .selectFrom('audit_events')
            .select('id')
            .where('tenant_id', '=', DEFAULT_TENANT_ID)
            .where('session_id', '=', id)
            .where('type', '=', 'session.refreshed')
            .execute()
        ).length
      return { auth, storage, audit, spend, told }
    }

    it('spends the pair of a session once, in its own tenant, and of nothing that has moved on', async () => {
      const { auth, storage, spend, told } = await open()
      for (const [what, change] of CHANGES) {
        const { session } = await newcomer(auth)
        await sql.raw(change).execute(storage.db)
        expect([what, await spend(session.id), await told(session.id)]).toEqual([what, null, 0])
      }
      const { session } = await newcomer(auth)
      expect(await spend(session.id, { tenantId: uuidv7(1) })).toBe(null)
      expect(await spend(session.id, { counter: 2 })).toBe(null)
      expect(await spend(session.id)).toMatchObject({ session: { id: session.id, counter: 2 }, now: auth.clock.now() })
      expect(await spend(session.id)).toBe(null)
      expect(await told(session.id)).toBe(1)
      await storage.close()
    })

    it('is undone together with its event where something else of the commit fails', async () => {
      const { auth, storage, audit, spend, told } = await open()
      const { session } = await newcomer(auth)
      let isBroken = true
      audit.beforeCommit({
        concerns: ({ type }) => type === 'session.refreshed',
        async write() {
          if (isBroken) throw new Error('broken')
        },
      })
      await expect(spend(session.id)).rejects.toThrow('broken')
      expect(await told(session.id)).toBe(0)
      isBroken = false
      expect(await spend(session.id)).toMatchObject({ session: { counter: 2 } })
      expect(await told(session.id)).toBe(1)
      await storage.close()
    })

    it('decides of each by itself where many are due at once', async () => {
      const { auth, storage, spend, told } = await open()
      const ids: string[] = []
      for (let count = 0; count < 20; count++) ids.push((await newcomer(auth)).session.id)
      const [spent = '', twice = '', odd = '', refused = '', ...others] = ids
      await spend(spent)
      const outcomes = await Promise.allSettled([
        ...others.map((id) => spend(id)),
        spend(spent),
        spend(twice),
        spend(twice),
        // Text that is none is kept as what it comes to, and a text that no database keeps harms its own request alone.
        spend(odd, { userAgent: '\ud800' }),
        spend(refused, { userAgent: 'a\0b' }),
      ])
      const counters = outcomes.map((one) =>
        one.status === 'fulfilled' ? (one.value?.session.counter ?? null) : 'failed',
      )
      expect(counters).toEqual([...others.map(() => 2), null, 2, null, 2, 'failed'])
      expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'invalid_request' } })
      expect(await Promise.all(ids.map(told))).toEqual([1, 1, 1, 0, ...others.map(() => 1)])
      const agents = storage.db
        .selectFrom('audit_events')
        .select('user_agent')
        .where('tenant_id', '=', DEFAULT_TENANT_ID)
      expect(await agents.where('session_id', '=', odd).where('type', '=', 'session.refreshed').execute()).toEqual([
        { user_agent: '\ufffd' },
      ])
      await storage.close()
    })

    it('spends nothing where its event cannot be kept', async () => {
      const { auth, storage, spend } = await open()
      const { session } = await newcomer(auth)
      await sql.raw('alter table audit_events rename to audit_events_away').execute(storage.db)
      await expect(spend(session.id)).rejects.toThrow()
      await sql.raw('alter table audit_events_away rename to audit_events').execute(storage.db)
      expect(await spend(session.id)).toMatchObject({ session: { counter: 2 } })
      await storage.close()
    })
  },
  'test',
)
