import { expect, it } from 'vitest'
import { MasterKeyMismatch } from '../../src/features/keys/key-service.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer, refresh, standingOf, tokensOf } from './people.js'

describeEachAuth(
  'Keys and restarts',
  (stage) => {
    it('keeps every session over a restart', async () => {
      const before = await stage.open({})
      const person = await newcomer(before)
      await before.close()

      const after = await stage.open()
      expect(await standingOf(after, person.access_token)).toBe('200')
      const next = await tokensOf(await refresh(after, person.refresh_token))
      expect(await standingOf(after, next.access_token)).toBe('200')
    })

    it('agrees on one key where nodes start together on an empty database', async () => {
      const nodes = await Promise.all([stage.open({}), stage.open({}), stage.open({})])
      const people = await Promise.all(nodes.map((node) => newcomer(node)))
      for (const node of nodes) {
        for (const { access_token } of people) expect(await standingOf(node, access_token)).toBe('200')
      }
      const db = await stage.db()
      const keys = await db.selectFrom('keys').select(['id', 'purpose', 'status']).orderBy('id').execute()
      expect(keys).toEqual([
        { id: 1, purpose: 'session', status: 'active' },
        { id: 2, purpose: 'signing', status: 'active' },
        { id: 3, purpose: 'signing', status: 'next' },
      ])
    })

    it('refuses to start with another master key, and touches nothing', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const db = await stage.db()
      const rows = async () => [
        await db.selectFrom('settings').selectAll().orderBy('name').execute(),
        await db.selectFrom('keys').selectAll().execute(),
        await db.selectFrom('sessions').selectAll().execute(),
      ]
      const before = await rows()

      const secret = 'another master key, as long as the first one'
      await expect(stage.open({ config: { secret } })).rejects.toThrow(MasterKeyMismatch)
      await expect(stage.open({ config: { secret } })).rejects.toThrow(
        /master key is not the one .* SALLYPORT_SECRET or as master\.key/,
      )

      expect(await rows()).toEqual(before)
      expect(await standingOf(auth, person.access_token)).toBe('200')
      expect(await standingOf(await stage.open(), person.access_token)).toBe('200')
    })

    it('refuses another master key also where the check value is gone, and leaves the right one its place', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const db = await stage.db()
      await db.deleteFrom('settings').where('name', '=', 'master_key_check').execute()
      const secret = 'another master key, as long as the first one'
      await expect(stage.open({ config: { secret } })).rejects.toThrow('cannot be opened')
      expect(await standingOf(await stage.open({}), person.access_token)).toBe('200')
    })

    it('refuses to start on a key that was altered, and says which', async () => {
      const auth = await stage.open({})
      await auth.close()
      const db = await stage.db()
      const keys = db.updateTable('keys').where('id', '=', 1)
      const { sealed } = await db.selectFrom('keys').select('sealed').where('id', '=', 1).executeTakeFirstOrThrow()
      const altered = Buffer.from(sealed)
      altered.writeUInt8(altered.readUInt8(20) ^ 1, 20)
      for (const bytes of [altered, sealed.slice(0, 10), new Uint8Array(60)]) {
        await keys.set({ sealed: bytes }).execute()
        await expect(stage.open({})).rejects.toThrow('key 1 of the database cannot be opened: it was altered')
      }
      await keys.set({ sealed }).execute()
      await stage.open({})
    })

    it('refuses a key that was put in the place of another', async () => {
      const auth = await stage.open({})
      await auth.close()
      const db = await stage.db()
      await db.updateTable('keys').set({ id: 9 }).where('id', '=', 1).execute()
      await expect(stage.open({})).rejects.toThrow('key 9 of the database cannot be opened')
    })

    it('finds a key that another node has made meanwhile', async () => {
      const [old, young] = [await stage.open({}), await stage.open({})]
      const db = await stage.db()
      // As a rotation does: the key is retired, and the next start makes a new one.
      await db.updateTable('keys').set({ status: 'retired', retired_at: 1 }).where('purpose', '=', 'session').execute()
      await young.close()
      const next = await stage.open({})
      const person = await newcomer(next)
      const active = db.selectFrom('keys').select('id').where('purpose', '=', 'session').where('status', '=', 'active')
      expect(await active.execute()).toEqual([{ id: 4 }])
      expect(await standingOf(old, person.access_token)).toBe('200')
    })

    it('keeps no key, no password and no token in the database as it is', async () => {
      const auth = await stage.open()
      const person = await newcomer(auth)
      const db = await stage.db()
      const dump = JSON.stringify([
        await db.selectFrom('settings').selectAll().execute(),
        await db.selectFrom('users').selectAll().execute(),
        await db.selectFrom('sessions').selectAll().execute(),
        await db.selectFrom('audit_events').selectAll().execute(),
      ])
      for (const secret of [person.password, person.access_token.slice(4, 40), person.refresh_token.slice(4, 40)]) {
        expect(dump).not.toContain(secret)
      }
      const ofSessions = db.selectFrom('keys').select('sealed').where('purpose', '=', 'session')
      const { sealed } = await ofSessions.executeTakeFirstOrThrow()
      // Nonce, 32 bytes, tag.
      expect(sealed).toHaveLength(12 + 32 + 16)
    })
  },
  'test',
)
