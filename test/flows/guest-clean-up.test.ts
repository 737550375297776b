import type { Kysely } from 'kysely'
import { expect, it } from 'vitest'
import { deleteEndedGuests } from '../../src/features/guests/guest-store.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { uuidv7 } from '../../src/runtime/ids.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import type { Tables } from '../../src/storage/tables.js'
import { allTenants } from '../../src/storage/tenant-scope.js'
import { trailOf } from './audit-trail.js'
import { DAY, HOUR, MINUTE } from './durations.js'
import { describeEachAuth } from './each-auth.js'
import { guestOf, newGuest, upgrade, upgraded, validityOf } from './guest-world.js'
import { openNodeOfTest } from './nodes.js'
import { newcomer, send } from './people.js'

/** Transactions that were open when a session ended are over by then. */
const MARGIN = MINUTE

describeEachAuth(
  'Guests who are gone',
  (stage) => {
    it('are removed with session and name once their token has ended, and not before', async () => {
      const auth = await stage.open()
      const [idle, used] = [await newGuest(auth), await newGuest(auth)]
      const db = await stage.db()
      auth.clock.advance(DAY)
      const next = await guestOf(await send(auth, 'POST', '/session/refresh', used.token))
      auth.clock.advance(6 * DAY + MARGIN - 1)
      expect(await auth.api.guests.findById(idle.player_uuid)).toBeNull()
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([idle.player_uuid, used.player_uuid].sort())
      auth.clock.advance(1)
      await auth.cleanUp()
      expect(await idsIn(db)).toEqual([used.player_uuid])
      expect(await validityOf(auth, idle.token)).toBe('token_expired')
      expect(await validityOf(auth, next.token)).toBe('200')
      expect(await db.selectFrom('guests').select('username').execute()).toEqual([{ username: used.username }])
      expect(await db.selectFrom('sessions').select('user_id').execute()).toEqual([{ user_id: used.player_uuid }])
      expect(await trailOf(db, { userId: idle.player_uuid })).toEqual([
        'guest.created',
        'session.created',
        'guest.removed',
        'session.expired',
      ])
    })

    it('are removed soon after their session was ended, by whatever ended it', async () => {
      const auth = await stage.open()
      const guests = [await newGuest(auth), await newGuest(auth), await newGuest(auth), await newGuest(auth)] as const
      const [out, left, banned, stays] = guests
      await send(auth, 'POST', '/auth/logout', out.token)
      await send(auth, 'DELETE', '/auth/sessions', left.token)
      await auth.api.users.disable(banned.player_uuid)
      for (const { player_uuid, username } of [out, left, banned]) {
        expect(await auth.api.guests.findById(player_uuid)).toBeNull()
        expect(await auth.api.guests.findByUsername({ username })).toBeNull()
      }
      auth.clock.advance(MARGIN)
      await auth.cleanUp()
      const db = await stage.db()
      expect(await idsIn(db)).toEqual([stays.player_uuid])
      for (const { player_uuid, token } of [out, left, banned]) {
        expect(await trailOf(db, { userId: player_uuid })).toContain('guest.removed')
        expect(await trailOf(db, { userId: player_uuid })).not.toContain('session.expired')
        expect(await validityOf(auth, token)).toBe('session_revoked')
      }
    })

    it('are never who has an account, however long ago the guest’s session ended', async () => {
      const auth = await stage.open()
      const guest = await newGuest(auth)
      const { access_token } = await upgraded(await upgrade(auth, guest.token))
      const person = await newcomer(auth)
      await send(auth, 'POST', '/auth/logout', access_token)
      auth.clock.advance(400 * DAY)
      await auth.cleanUp()
      expect(await idsIn(await stage.db())).toEqual([guest.player_uuid, person.user_id].sort())
      expect(await auth.api.guests.findByUsername({ username: guest.username })).toMatchObject({ isGuest: false })
      await expect(auth.api.login({ email: person.email, password: person.password })).resolves.toBeTruthy()
    })

    it('are not who gets an account while the clean-up looks', async () => {
      const node = await openNodeOfTest({ url: stage.url() })
      const guest = await newGuest(node)
      const db = await stage.db()
      // What a clean-up has seen that began before the upgrade was committed.
      await node.storage.db
        .updateTable('guests')
        .set({ expires_at: 0 })
        .where('user_id', '=', guest.player_uuid)
        .execute()
      await db
        .updateTable('users')
        .set({ is_guest: 0, email: 'ada@example.com' })
        .where('id', '=', guest.player_uuid)
        .execute()
      const gone = await node.storage.transaction((tx) =>
        deleteEndedGuests(allTenants(), tx, node.storage, { keep: 0, limit: 10 }),
      )
      expect(gone).toEqual([])
      expect(await idsIn(db)).toEqual([guest.player_uuid])
    })

    it('go in bounded batches, the oldest first, by one node of two, told once', async () => {
      const clock = new ManualClock()
      const nodes = [
        await openNodeOfTest({ url: stage.url(), clock }),
        await openNodeOfTest({ url: stage.url(), clock }),
      ]
      const [first] = nodes
      if (first === undefined) throw new Error('there is no node')
      const guest = await newGuest(first)
      const db = await stage.db()
      await multiply(db, guest.player_uuid, 1_100)
      clock.advance(7 * DAY + HOUR)
      const options = { keep: MARGIN, limit: 100 }
      const undone = new Error('undone')
      await first.storage
        .transaction(async (tx) => {
          const batch = await deleteEndedGuests(allTenants(), tx, first.storage, options)
          expect(batch).toHaveLength(100)
          expect(batch.map(({ userId }) => userId)).not.toContain(guest.player_uuid)
          throw undone
        })
        .catch((error: unknown) => expect(error).toBe(undone))
      await Promise.all(nodes.map((node) => node.cleanUp()))
      await Promise.all(nodes.map((node) => node.cleanUp()))
      expect(await idsIn(db)).toEqual([])
      const removed = await db
        .selectFrom('audit_events')
        .select('user_id')
        .where('type', '=', 'guest.removed')
        .execute()
      expect([removed.length, new Set(removed.map(({ user_id }) => user_id)).size]).toEqual([1_101, 1_101])
    })
  },
  'test',
)

async function idsIn(db: Kysely<Tables>): Promise<readonly string[]> {
  const rows = await db.selectFrom('users').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Copies of a guest without a session, each ended a little earlier. */
async function multiply(db: Kysely<Tables>, id: string, copies: number): Promise<void> {
  const user = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const guest = await db.selectFrom('guests').selectAll().where('user_id', '=', id).executeTakeFirstOrThrow()
  for (let start = 0; start < copies; start += 100) {
    const ids = Array.from({ length: 100 }, (_, index) => ({ id: uuidv7(1), place: start + index + 1 }))
    await db
      .insertInto('users')
      .values(ids.map((one) => ({ ...user, id: one.id, tenant_id: DEFAULT_TENANT_ID })))
      .execute()
    await db
      .insertInto('guests')
      .values(
        ids.map((one) => ({
          ...guest,
          user_id: one.id,
          username: `${guest.username}-${one.place}`,
          expires_at: Number(guest.expires_at) - one.place,
        })),
      )
      .execute()
  }
}
