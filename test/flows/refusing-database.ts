import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../src/storage/tables.js'
import type { Stage } from './each-auth.js'

/** Makes the database refuse every event of a type, as a full disk would, until the answer is called. */
export async function refuseEvents(stage: Stage, type: string): Promise<() => Promise<void>> {
  const db = await stage.db()
  const run = async (text: string) => {
    await sql.raw(text).execute(db)
  }
  if (stage.dialect === 'sqlite') {
    await run(`create trigger refuse before insert on audit_events when new.type = '${type}'
      begin select raise(abort, 'the disk is full of secrets'); end`)
    return () => run('drop trigger refuse')
  }
  await run(`create function refuse() returns trigger language plpgsql as $$
    begin if new.type = '${type}' then raise exception 'the disk is full of secrets'; end if; return new; end $$`)
  await run('create trigger refuse before insert on audit_events for each row execute function refuse()')
  return () => run('drop function refuse() cascade')
}

/** Takes a table away until the answer is called. */
export async function hideTable(db: Kysely<Tables>, name: keyof Tables): Promise<() => Promise<void>> {
  await sql.raw(`alter table ${name} rename to ${name}_away`).execute(db)
  return async () => {
    await sql.raw(`alter table ${name}_away rename to ${name}`).execute(db)
  }
}
