import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { isForeignKeyViolation, isUniqueViolation } from '../../src/storage/database-error.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { describeEachDatabase } from '../databases/each-database.js'
import { keyRow, userRow } from './rows.js'

describeEachDatabase('a value', (open, { dialect }) => {
  it('of bytes comes back as the same bytes, of any length', async () => {
    const { db } = await open()
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const blobs = [every, new Uint8Array(), Buffer.from(every.buffer, 3, 5), new Uint8Array(100_000).fill(7)]
    await db
      .insertInto('keys')
      .values(blobs.map((sealed, id) => keyRow(id, sealed)))
      .execute()
    const rows = await db.selectFrom('keys').select('sealed').orderBy('id').execute()
    expect(rows.map(({ sealed }) => sealed)).toSatisfy((all: unknown[]) =>
      all.every((one) => one instanceof Uint8Array),
    )
    expect(rows.map(({ sealed }) => Buffer.from(sealed))).toEqual(blobs.map((blob) => Buffer.from(blob)))
  })

  it('of time in milliseconds comes back as the same number', async () => {
    const { db } = await open()
    const times = [0, -1, 1_767_225_600_123, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    for (const [index, time] of times.entries()) {
      await db
        .insertInto('users')
        .values(userRow({ id: `u${index}`, created_at: time, disabled_at: time }))
        .execute()
    }
    const rows = await db.selectFrom('users').select(['created_at', 'disabled_at']).orderBy('id').execute()
    expect(rows).toEqual(times.map((time) => ({ created_at: time, disabled_at: time })))
  })

  it('that counts rows is a number', async () => {
    const { db } = await open()
    const { count } = await db
      .selectFrom('tenants')
      .select(db.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(count).toBe(1)
  })

  it('of text comes back as it was, whatever the script, and compared by its bytes', async () => {
    const { db } = await open()
    const texts = ['', ' a ', 'Zoë', 'z', 'a', 'B', '日本', '👩‍👩‍👧', "';--", '\\', '\u200b']
    for (const text of texts) await db.insertInto('settings').values({ name: text, value: text }).execute()
    const rows = await db.selectFrom('settings').select('name').orderBy('name').execute()
    const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(rows.map(({ name }) => name)).toEqual(byBytes)
  })

  it('of text with a NUL is refused as a bad request, and the transaction goes on', async () => {
    const storage = await open()
    await storage.transaction(async (tx) => {
      const insert = tx.insertInto('settings').values({ name: 'a\0b', value: '' }).execute()
      await expect(insert).rejects.toMatchObject({ code: 'invalid_request' })
      await tx.insertInto('settings').values({ name: 'a', value: '' }).execute()
    })
    const prepared = storage.prepare(
      'by_name',
      storage.db.selectFrom('settings').selectAll().where('name', '=', '').compile(),
    )
    await expect(prepared(['\0'])).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await prepared(['a'])).toHaveLength(1)
  })

  it('of a type that no column takes is a TypeError, and the process lives', async () => {
    const { db } = await open()
    const unstorable = [
      true,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2n ** 63n,
      {},
      [1],
      new Date(0),
      Symbol('s'),
    ]
    for (const value of unstorable) {
      await expect(sql`select ${value} as value`.execute(db)).rejects.toBeInstanceOf(TypeError)
    }
  })

  it('of another type than its column is refused, not converted', async () => {
    const { db } = await open()
    const insert = db
      .insertInto('users')
      .values(userRow({ id: 'u', created_at: 1.5 }))
      .execute()
    await expect(insert).rejects.toThrow()
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([])
  })

  it('that a constraint refuses is refused', async () => {
    const { db } = await open()
    const flag = sql<0 | 1>`2`
    await expect(
      db
        .insertInto('users')
        .values({ ...userRow({ id: 'u' }), is_guest: flag })
        .execute(),
    ).rejects.toThrow()
    await expect(
      db
        .insertInto('users')
        .values(userRow({ id: 'u', tenant_id: 'nowhere' }))
        .execute(),
    ).rejects.toSatisfy(isForeignKeyViolation)
    const role = { tenant_id: DEFAULT_TENANT_ID, user_id: 'nobody', role: 'viewer', granted_at: 1 }
    await expect(db.insertInto('user_roles').values(role).execute()).rejects.toSatisfy(isForeignKeyViolation)
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([])
  })

  it('that must be unique is told apart from other violations', async () => {
    const { db } = await open()
    await db
      .insertInto('users')
      .values(userRow({ id: 'a', email: 'one@example.com' }))
      .execute()
    const again = (fields: Parameters<typeof userRow>[0]) => db.insertInto('users').values(userRow(fields)).execute()
    await expect(again({ id: 'b', email: 'one@example.com' })).rejects.toSatisfy(isUniqueViolation)
    await expect(again({ id: 'a', email: 'two@example.com' })).rejects.toSatisfy(isUniqueViolation)
    await expect(again({ id: 'c', tenant_id: 'nowhere' })).rejects.not.toSatisfy(isUniqueViolation)
    await again({ id: 'd', username: 'a' })
    await again({ id: 'guest 1', email: null })
    await again({ id: 'guest 2', email: null })
  })

  it('allows the same email in two tenants, and a role only to the tenant of its user', async () => {
    const { db } = await open()
    const tenant = { id: 'other', slug: 'other', name: 'Other', default_role: 'viewer', created_at: 1 }
    await db.insertInto('tenants').values(tenant).execute()
    await db
      .insertInto('users')
      .values(userRow({ id: 'a', email: 'one@example.com' }))
      .execute()
    await db
      .insertInto('users')
      .values(userRow({ id: 'b', email: 'one@example.com', tenant_id: 'other' }))
      .execute()
    const foreign = { tenant_id: 'other', user_id: 'a', role: 'admin', granted_at: 1 }
    await expect(db.insertInto('user_roles').values(foreign).execute()).rejects.toSatisfy(isForeignKeyViolation)
    await expect(db.deleteFrom('tenants').where('id', '=', 'other').execute()).rejects.toSatisfy(isForeignKeyViolation)
  })

  it('is what the row has, and nothing of the driver comes with it', async () => {
    const storage = await open()
    const query = storage.db.selectFrom('tenants').select(['id', 'slug'])
    const expected = [{ id: DEFAULT_TENANT_ID, slug: 'default' }]
    expect(await query.execute()).toStrictEqual(expected)
    expect(await storage.prepare('tenants', query.compile())([])).toStrictEqual(expected)
    const [updated] = await storage.db.updateTable('tenants').set({ name: 'New' }).execute()
    expect(updated?.numUpdatedRows).toBe(1n)
  })

  it('is found by its key as a row or null, alone and in a transaction', async () => {
    const storage = await open()
    await storage.db
      .insertInto('keys')
      .values([keyRow(1, Buffer.from('one')), keyRow(2, Buffer.from('two'))])
      .execute()
    const query = storage.db.selectFrom('keys').select(['id', 'sealed']).where('id', '>=', 0).orderBy('id')
    const find = storage.prepareOne('key_from', query.compile())
    for (const run of [find, (values: number[]) => storage.transaction((tx) => find(values, tx))]) {
      expect(await run([2])).toStrictEqual({ id: 2, sealed: Buffer.from('two') })
      // Of several the first; nothing of the others is left open, so that what is written next shows.
      expect(await run([0])).toMatchObject({ id: 1 })
      expect(await run([3])).toBe(null)
    }
    await storage.db.deleteFrom('keys').execute()
    expect(await find([0])).toBe(null)
  })

  it('of a broken statement is an internal error that shows no SQL', async () => {
    const { db } = await open()
    const failed = sql`select secret_column from nowhere_at_all`.execute(db)
    await expect(failed).rejects.toMatchObject({ code: 'internal', detail: expect.not.stringContaining('secret') })
  })

  if (dialect === 'postgres') {
    it('beyond 2^53 is an error rather than another number', async () => {
      const { db } = await open()
      await expect(sql`select 9007199254740993::bigint as value`.execute(db)).rejects.toThrow(/beyond 2\^53/)
      expect((await sql<{ one: number }>`select 1::bigint as one`.execute(db)).rows).toEqual([{ one: 1 }])
    })
  }
})
