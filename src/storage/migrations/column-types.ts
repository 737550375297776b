import { type Expression, sql } from 'kysely'
import type { Storage } from '../storage.js'

export interface ColumnTypes {
  /** Text compared by its bytes, so that no update of the system's collations can break an index. */
  readonly text: 'text' | Expression<unknown>
  /** Whole numbers up to 2^53: times in milliseconds, counters, flags. */
  readonly integer: 'integer' | 'bigint'
  readonly bytes: 'blob' | 'bytea'
}

export function columnTypes(dialect: Storage['dialect']): ColumnTypes {
  return dialect === 'sqlite'
    ? { text: 'text', integer: 'integer', bytes: 'blob' }
    : { text: sql`text collate "C"`, integer: 'bigint', bytes: 'bytea' }
}

/**
 * What follows the columns of a table. SQLite keeps to the declared types only in STRICT tables. PostgreSQL leaves
 * room on each page of a table whose rows change often, so that an update stays on its page (HOT) and touches no index.
 */
export function tableOptions(dialect: Storage['dialect'], changesOften: boolean): Expression<unknown> {
  if (dialect === 'sqlite') return sql`strict`
  return changesOften ? sql`with (fillfactor = 80)` : sql``
}
