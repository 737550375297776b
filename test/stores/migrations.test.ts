import { type Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import { applyMigrations, MIGRATIONS, pendingMigrations } from '../../src/storage/migrations/migrate.js'
import type { MigratedTables, Migration, MigrationDatabase } from '../../src/storage/migrations/migration.js'
import type { Tables } from '../../src/storage/tables.js'
import { describeEachDatabase } from '../databases/each-database.js'

const schema = (db: Kysely<Tables>): MigrationDatabase => db.withTables<Pick<MigratedTables, 'schema_migrations'>>()

const later = (breaking: boolean, fails = false): Migration => ({
  name: '9999-later',
  breaking,
  async up(tx) {
    await tx.schema.alterTable('settings').addColumn('later', 'text').execute()
    if (fails) throw new Error('half-way')
  },
})

describeEachDatabase('migrations', (open, { dialect }) => {
  it('stand in the order of their names, each name once', () => {
    const names = MIGRATIONS.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].toSorted())
    for (const name of names) expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/)
  })

  it('are all pending on an empty database, and none once it was opened', async () => {
    const empty = await open({ migrate: false })
    expect(await pendingMigrations(schema(empty.db), dialect)).toEqual(MIGRATIONS.map(({ name }) => name))
    await open()
    expect(await pendingMigrations(schema(empty.db), dialect)).toEqual([])
  })

  it('run once, and leave what is there alone', async () => {
    const first = await open()
    await first.db.insertInto('settings').values({ name: 'kept', value: 'yes' }).execute()
    const second = await open()
    expect(await second.db.selectFrom('settings').selectAll().execute()).toEqual([{ name: 'kept', value: 'yes' }])
  })

  it('that fail half-way leave nothing behind, and can be run again', async () => {
    const { db } = await open()
    const run = (step: Migration) =>
      schema(db)
        .transaction()
        .execute((tx) => applyMigrations(tx, dialect, [...MIGRATIONS, step]))
    await expect(run(later(false, true))).rejects.toThrow('half-way')
    expect(await pendingMigrations(schema(db), dialect, [...MIGRATIONS, later(false)])).toEqual(['9999-later'])
    expect(await run(later(false))).toEqual(['9999-later'])
    expect(await run(later(false))).toEqual([])
    expect((await sql`select later from settings`.execute(db)).rows).toEqual([])
  })

  it.each([
    { breaking: false, outcome: 'runs beside it' },
    { breaking: true, outcome: 'refuses to start, and says what to do' },
  ])('of a newer version (breaking: $breaking): this one $outcome', async ({ breaking }) => {
    const newer = await open()
    await schema(newer.db)
      .transaction()
      .execute((tx) => applyMigrations(tx, dialect, [...MIGRATIONS, later(breaking)]))
    if (breaking) {
      await expect(open()).rejects.toThrow(/newer version of Sallyport \(9999-later\).*Install that version/)
    } else {
      const { db } = await open()
      expect(await db.selectFrom('tenants').selectAll().execute()).toHaveLength(1)
    }
  })

  it('undone by hand make the check fail', async () => {
    const storage = await open()
    await storage.check()
    await storage.db.schema.dropTable('sessions').execute()
    await storage.db.schema.dropTable('settings').execute()
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('give a refresh nothing to update in an index', async () => {
    const { db } = await open()
    const indexes =
      dialect === 'sqlite'
        ? sql<{
            definition: string | null
          }>`select sql as definition from sqlite_schema where tbl_name = 'sessions' and type = 'index'`
        : sql<{ definition: string | null }>`select indexdef as definition from pg_indexes where tablename = 'sessions'`
    const { rows } = await indexes.execute(db)
    const definitions = rows.map(({ definition }) => definition ?? '')
    expect(definitions.length).toBeGreaterThanOrEqual(4)
    for (const definition of definitions) {
      expect(definition).not.toMatch(/counter|spends|last_activity|refreshed_at|refresh_expires_at/)
    }
  })
})
