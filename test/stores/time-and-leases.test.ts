import { expect, it } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { acquireLease, completeLease } from '../../src/storage/leases.js'
import { parameter } from '../../src/storage/parameters.js'
import { describeEachDatabase } from '../databases/each-database.js'

describeEachDatabase('the time', (open) => {
  it("is the database's, in whole milliseconds", async () => {
    const storage = await open()
    const before = Date.now()
    const { now } = await storage.db.selectNoFrom(storage.now().as('now')).executeTakeFirstOrThrow()
    expect(Number.isSafeInteger(now)).toBe(true)
    expect(now).toBeGreaterThanOrEqual(before - 1)
    expect(now).toBeLessThanOrEqual(Date.now())
  })

  it('is the time of a controlled clock when the statement runs, prepared or not', async () => {
    const clock = new ManualClock(1_000_000)
    const storage = await open({ clock })
    const query = storage.db.selectNoFrom(storage.now().as('now'))
    const compiled = query.compile()
    const prepared = storage.prepare('now', compiled)
    expect(await query.execute()).toEqual([{ now: 1_000_000 }])
    expect(await prepared([])).toEqual([{ now: 1_000_000 }])
    clock.advance(5)
    expect(await query.execute()).toEqual([{ now: 1_000_005 }])
    expect(await prepared([])).toEqual([{ now: 1_000_005 }])
    expect(await storage.db.executeQuery(compiled)).toMatchObject({ rows: [{ now: 1_000_005 }] })
  })

  it('can be compared, stored and reckoned with', async () => {
    const clock = new ManualClock(1_000_000)
    for (const storage of [await open({ clock }), await open()]) {
      const { db } = storage
      const changed = await db
        .updateTable('tenants')
        .set({ created_at: storage.now() })
        .where('created_at', '<=', storage.now())
        .returning('created_at')
        .execute()
      for (const { created_at } of changed) expect(Number.isSafeInteger(created_at)).toBe(true)
    }
  })
})

describeEachDatabase('a prepared statement', (open) => {
  it('has its places filled in order by each call', async () => {
    const { db, prepare } = await open()
    await db
      .insertInto('settings')
      .values([
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ])
      .execute()
    const find = prepare(
      'find',
      db.selectFrom('settings').selectAll().where('name', '=', '').where('value', '=', '').compile(),
    )
    expect(await find(['a', '1'])).toEqual([{ name: 'a', value: '1' }])
    expect(await find(['b', '2'])).toEqual([{ name: 'b', value: '2' }])
    expect(await find(['a', '2'])).toEqual([])
  })

  it('with parameter() marks keeps its other values', async () => {
    const clock = new ManualClock(77)
    const { db, prepare, now } = await open({ clock })
    const first = prepare(
      'first',
      db
        .selectFrom('settings')
        .select(['name', now().as('now')])
        .where('value', '=', 'constant')
        .where('name', '>=', parameter<string>())
        .orderBy('name')
        .limit(1)
        .compile(),
    )
    const values = ['a', 'b', 'c'].map((name) => ({ name, value: 'constant' }))
    await db.insertInto('settings').values(values).execute()
    expect(await first(['b'])).toEqual([{ name: 'b', now: 77 }])
    expect(await first(['x'])).toEqual([])
  })

  it('refuses another number of parameters than it has', async () => {
    const { db, prepare } = await open()
    const find = prepare('find', db.selectFrom('settings').selectAll().where('name', '=', '').compile())
    await expect(find([])).rejects.toBeInstanceOf(TypeError)
    await expect(find(['a', 'b'])).rejects.toBeInstanceOf(TypeError)
    await expect(db.selectFrom('settings').where('name', '=', parameter<string>()).execute()).rejects.toThrow(/prepare/)
  })

  it('changes rows and gives back what it changed, also many at once', async () => {
    const { db, prepare } = await open()
    await db.insertInto('settings').values({ name: 'n', value: '' }).execute()
    const write = prepare(
      'write',
      db.updateTable('settings').set({ value: '' }).where('name', '=', '').returning('value').compile(),
    )
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => write([`${n}`, 'n'])))
    expect(results.map((rows) => rows[0]?.value)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`))
  })

  it('that many texts push out of the cache works on', async () => {
    const { db, prepare } = await open()
    const slug = prepare('slug', db.selectFrom('tenants').select('slug').compile())
    expect(await slug([])).toEqual([{ slug: 'default' }])
    for (let n = 0; n < 300; n++) {
      await prepare(`slug_${n}`, db.selectFrom('tenants').select(`slug as s${n}`).compile())([])
    }
    expect(await slug([])).toEqual([{ slug: 'default' }])
  })
})

describeEachDatabase('a lease', (open) => {
  it('is had by one at a time, of many who ask at once', async () => {
    const storage = await open({ clock: new ManualClock() })
    const asked = Array.from({ length: 20 }, (_, n) => acquireLease(storage, 'clean-up', `node ${n}`, 1000))
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1)
  })

  it('is renewed by its holder and free for others when it has run out', async () => {
    const clock = new ManualClock()
    const storage = await open({ clock })
    expect(await acquireLease(storage, 'clean-up', 'a', 1000)).toBe(true)
    clock.advance(999)
    expect(await acquireLease(storage, 'clean-up', 'b', 1000)).toBe(false)
    expect(await acquireLease(storage, 'rotation', 'b', 1000)).toBe(true)
    expect(await acquireLease(storage, 'clean-up', 'a', 1000)).toBe(true)
    clock.advance(999)
    expect(await acquireLease(storage, 'clean-up', 'b', 1000)).toBe(false)
    clock.advance(1)
    expect(await acquireLease(storage, 'clean-up', 'b', 1000)).toBe(true)
  })

  it('that is completed is free, and remembers when', async () => {
    const clock = new ManualClock()
    const storage = await open({ clock })
    await acquireLease(storage, 'clean-up', 'a', 1000)
    expect(await completeLease(storage, 'clean-up', 'b')).toBe(false)
    clock.advance(10)
    expect(await completeLease(storage, 'clean-up', 'a')).toBe(true)
    const read = storage.db.selectFrom('leases').select('last_success_at')
    expect(await read.execute()).toEqual([{ last_success_at: clock.now() }])
    expect(await acquireLease(storage, 'clean-up', 'b', 1000)).toBe(true)
    clock.advance(1000)
    expect(await completeLease(storage, 'clean-up', 'b')).toBe(false)
    expect(await read.execute()).toEqual([{ last_success_at: clock.now() - 1000 }])
  })

  it('goes by the clock of the database', async () => {
    const storage = await open()
    expect(await acquireLease(storage, 'clean-up', 'a', 60_000)).toBe(true)
    expect(await acquireLease(storage, 'clean-up', 'b', 60_000)).toBe(false)
    expect(await acquireLease(storage, 'short', 'a', -1)).toBe(true)
    expect(await acquireLease(storage, 'short', 'b', 60_000)).toBe(true)
  })
})
