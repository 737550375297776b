import { type RawBuilder, sql } from 'kysely'
import type { Queryable } from '../../storage/storage.js'

const NAME = 'cache_generation'

/** The generation of what nodes share outside the database, for a select list; null before the first one. */
export function generationColumn(): RawBuilder<string | null> {
  return sql<string | null>`(select value from settings where name = ${NAME})`
}

/** Gives what nodes share outside the database a new name: nobody finds what was kept there before. */
export async function renewGeneration(db: Queryable, generation: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ name: NAME, value: generation })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: generation }))
    .execute()
}
