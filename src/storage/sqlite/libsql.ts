import { createRequire } from 'node:module'
import type { Bindable } from '../parameters.js'

/** The part of libsql that is used. What a row holds is the query's promise, as with any driver. */
export interface LibsqlStatement {
  readonly reader: boolean
  all<Row extends object>(parameters: readonly Bindable[]): Row[]
  run(parameters: readonly Bindable[]): { readonly changes: number }
  columns(): readonly { readonly name: string; readonly type: string | null }[]
}

export interface LibsqlDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): LibsqlStatement
  exec(sql: string): void
  close(): void
}

type LibsqlConstructor = new (path: string) => LibsqlDatabase

// Required, not imported: its type declarations are those of better-sqlite3 and promise what it does not do.
const Libsql: LibsqlConstructor = createRequire(import.meta.url)('libsql')

/** @param path an absolute path, or `:memory:` */
export function openLibsql(path: string): LibsqlDatabase {
  return new Libsql(path)
}
