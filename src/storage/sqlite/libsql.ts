import { createRequire } from 'node:module'
import type { Bindable } from '../parameters.js'

/** The part of libsql that is used. */
export interface LibsqlStatement {
  readonly reader: boolean
  /**
   * Gives rows as lists of values in the order of the columns from now on: half the time of objects, and blobs come as
   * Buffers.
   */
  raw(): void
  all(parameters: readonly Bindable[]): (readonly unknown[])[]
  /** The first row alone: without the iterator that `all` leaves to the garbage collector with each call. */
  get(parameters: readonly Bindable[]): readonly unknown[] | undefined
  run(parameters: readonly Bindable[]): { readonly changes: number }
  columns(): readonly { readonly name: string }[]
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
