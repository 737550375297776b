import { expect, it } from 'vitest'
import { MIGRATIONS } from '../../src/storage/migrations/migrate.js'
import { startChild } from '../databases/child-process.js'
import { describeEachDatabase } from '../databases/each-database.js'

const SCRIPT = new URL('./opening-process.ts', import.meta.url)

describeEachDatabase('processes on one database', (open, { url }) => {
  it('may all start at once on an empty one: each finds it migrated, once', async () => {
    const target = await url()
    const children = ['a', 'b', 'c', 'd'].map((name) => startChild(SCRIPT, [target, name, '0']))
    for (const child of children) expect(await child.line()).toBe('ready')
    for (const child of children) child.tell('go')
    await Promise.all(children.map((child) => child.ended()))
    const { db } = await open({ migrate: false })
    const applied = await db
      .withTables<{ schema_migrations: { name: string } }>()
      .selectFrom('schema_migrations')
      .select('name')
      .execute()
    expect(applied.map(({ name }) => name)).toEqual(MIGRATIONS.map(({ name }) => name))
    expect(await db.selectFrom('tenants').selectAll().execute()).toHaveLength(1)
  })

  it('may write at once without an error', async () => {
    const target = await url()
    const storage = await open()
    const children = ['a', 'b'].map((name) => startChild(SCRIPT, [target, name, '60']))
    for (const child of children) {
      expect(await child.line()).toBe('ready')
      child.tell('go')
    }
    const writing = Promise.all(children.map((child) => child.ended()))
    for (let n = 0; n < 60; n++) {
      await storage.db
        .insertInto('settings')
        .values({ name: `here ${n}`, value: '' })
        .execute()
    }
    await writing
    expect(await storage.db.selectFrom('settings').select('name').execute()).toHaveLength(180)
  })
})
