import { expect, it } from 'vitest'
import { createAccessService } from '../../src/features/access/access-service.js'
import { prepareFindSession } from '../../src/features/sessions/session-lookup.js'
import { uuidv7 } from '../../src/runtime/ids.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer } from './people.js'

describeEachAuth(
  'Sessions that are looked up at the same time',
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
      const asked: string[] = []
      const counting: Storage = {
        ...storage,
        prepare(name, query) {
          const run = storage.prepare(name, query)
          return (...given) => {
            asked.push(name)
            return run(...given)
          }
        },
        prepareOne(name, query) {
          const run = storage.prepareOne(name, query)
          return (...given) => {
            asked.push(name)
            return run(...given)
          }
        },
      }
      const roles = createAccessService(storage, clock).rolesColumn()
      const find = prepareFindSession({ storage: counting, roles }, false)
      const inDefault = (id: string) => find(oneTenant(DEFAULT_TENANT_ID), id)
      return { auth, storage, asked, find, inDefault }
    }

    it('are each found with their own holder, and of what is not there nothing', async () => {
      const { auth, storage, asked, inDefault } = await open()
      const people = [await newcomer(auth), await newcomer(auth), await newcomer(auth)]
      const ids = people.map(({ session }) => session.id)
      const alone = await inDefault(ids[0] ?? '')
      const together = await Promise.all([...ids, uuidv7(1), ids[0] ?? ''].map(inDefault))
      expect(together.map((found) => found?.session.id ?? null)).toEqual([...ids, null, ids[0]])
      expect(together.slice(0, 3).map((found) => found?.session.userId)).toEqual(people.map(({ user }) => user.id))
      expect(together[0]).toEqual({ ...alone, floor: together[0]?.floor })
      const single = Array(5).fill('find_session')
      expect(asked.slice(1)).toEqual(storage.dialect === 'postgres' ? ['find_sessions'] : single)
      await storage.close()
    })

    it('are of the tenant that is asked for alone, whoever else asks for them', async () => {
      const { auth, storage, find, inDefault } = await open()
      const { session } = await newcomer(auth)
      const elsewhere = oneTenant(uuidv7(1))
      const found = await Promise.all([find(elsewhere, session.id), inDefault(session.id), find(elsewhere, session.id)])
      expect(found.map((one) => one?.session.id ?? null)).toEqual([null, session.id, null])
      await storage.close()
    })

    it('cannot be mixed up by an id that is none', async () => {
      const { auth, storage, find, inDefault } = await open()
      const { session } = await newcomer(auth)
      const scope = oneTenant(`${DEFAULT_TENANT_ID},${DEFAULT_TENANT_ID}`)
      const asked = [inDefault(`${session.id},${session.id}`), find(scope, session.id), inDefault(session.id)]
      expect((await Promise.all(asked)).map((one) => one?.session.id ?? null)).toEqual([null, null, session.id])
      await storage.close()
    })
  },
  'test',
)
