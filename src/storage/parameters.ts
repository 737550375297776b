import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Clock } from '../runtime/clock.js'

/** What both databases can be told. Flags are 0 or 1, times are numbers. */
export type Bindable = string | number | bigint | Uint8Array | null

/** Stands in a compiled query for a value that is known when the statement runs. */
class Mark {
  readonly kind: 'now' | 'parameter'

  constructor(kind: 'now' | 'parameter') {
    this.kind = kind
  }
}

const NOW = new Mark('now')
const PARAMETER = new Mark('parameter')

/** The time of a controlled clock, read when the statement runs and not when it is compiled. */
export function nowMark(): RawBuilder<number> {
  return sql<number>`${NOW}`
}

/**
 * A place in a query for `Storage.prepare` that each call fills, in order. A query without any has all of its
 * values filled by the caller; with at least one, its other values (`limit(1)`, `counter + 1`) stay as they are.
 */
export function parameter<Value>(): RawBuilder<Value> {
  return sql<Value>`${PARAMETER}`
}

/**
 * One value as it is bound. A type the native driver does not know would abort the process or turn into NULL, and
 * text with a NUL is cut short by one database and refused by the other: neither gets that far.
 * @throws SallyportError `invalid_request` for text with a NUL character
 * @throws TypeError for what no column takes
 */
function bindable(value: unknown, clock: Clock): Bindable {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) {
        throw new SallyportError('invalid_request', { detail: 'Text must not hold the NUL character.' })
      }
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      break
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return value
      break
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
      if (value === NOW) return clock.now()
  }
  throw new TypeError(`A ${value instanceof Mark ? 'parameter() outside prepare()' : typeof value} cannot be stored`)
}

/** The values of a query that runs once. */
export function bindAll(values: readonly unknown[], clock: Clock): Bindable[] {
  return values.map((value) => bindable(value, clock))
}

/** The values of a prepared query, given what one call fills in. */
export function binder(query: CompiledQuery<unknown>, clock: Clock): (given: readonly unknown[]) => Bindable[] {
  const template = query.parameters
  const marked = template.includes(PARAMETER)
  const isPlace = (value: unknown) => (marked ? value === PARAMETER : value !== NOW)
  const places = template.filter(isPlace).length
  return (given) => {
    if (given.length !== places) {
      throw new TypeError(`The prepared statement takes ${places} parameters, not ${given.length}: ${query.sql}`)
    }
    let next = 0
    return template.map((value) => bindable(isPlace(value) ? given[next++] : value, clock))
  }
}
