import type { CompiledQuery } from 'kysely'
import type { PreparedStatement, Storage } from './storage.js'

/**
 * Statements that differ in how many rows or values they take, each prepared when it is first needed. For small counts:
 * what is prepared is kept.
 * @param name unique in the process; the count is added to it
 */
export function preparedByCount<Row>(
  storage: Storage,
  name: string,
  compile: (count: number) => CompiledQuery<Row>,
): (count: number) => PreparedStatement<Row> {
  const prepared = new Map<number, PreparedStatement<Row>>()
  return (count) => {
    const known = prepared.get(count)
    if (known !== undefined) return known
    const statement = storage.prepare(`${name}_${count}`, compile(count))
    prepared.set(count, statement)
    return statement
  }
}
