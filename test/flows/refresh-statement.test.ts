import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { advanceSession } from '../../src/features/sessions/session-store.js'
import { uuidv7 } from '../../src/runtime/ids.js'
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
    it('spends the pair of a session once, in its own tenant, and of nothing that has moved on', async () => {
      const auth = await stage.open()
      const { session } = await newcomer(auth)
      const storage = await openStorage({
        url: stage.url(),
        directUrl: null,
        pool: { max: 2 },
        statementTimeout: 10_000,
        allowUnsafeDurability: true,
        production: false,
        clock: auth.clock,
      })
      const advance = { id: session.id, counter: 1, keyId: 1, spends: [], wasIdle: false, refreshLifetime: 1000 }
      const here = oneTenant(DEFAULT_TENANT_ID)
      const undo = new Error('undo')
      for (const [what, change] of CHANGES) {
        const attempt = storage.transaction(async (tx) => {
          await sql.raw(change).execute(tx)
          expect([what, await advanceSession(here, tx, storage, advance)]).toEqual([what, false])
          throw undo
        })
        await expect(attempt).rejects.toBe(undo)
      }
      const spend = (scope = here, of = advance) => storage.transaction((tx) => advanceSession(scope, tx, storage, of))
      expect(await spend(oneTenant(uuidv7(1)))).toBe(false)
      expect(await spend(here, { ...advance, counter: 2 })).toBe(false)
      expect(await spend()).toBe(true)
      expect(await spend()).toBe(false)
      await storage.close()
    })
  },
  'test',
)
