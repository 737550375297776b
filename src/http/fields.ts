/** Those of which several may stand in one answer. */
const ADDED = new Set(['set-cookie', 'vary'])

/**
 * Header fields on their way out. Flat lists of names and values in turn, as `node:http` takes them: a `Headers` would
 * be taken apart again at once, and costs more than the rest of a small answer.
 */
export class Fields {
  readonly #single = new Map<string, string>()
  readonly #several: string[] = []

  /** In place of what that name had. */
  set(name: string, value: string): void {
    this.#single.set(name, value)
  }

  add(name: string, value: string): void {
    this.#several.push(name, value)
  }

  /** Takes over a flat list: of a name that both have the new value counts, except for those that add up. */
  take(fields: readonly string[]): void {
    for (let at = 0; at < fields.length; at += 2) {
      const [name = '', value = ''] = [fields[at], fields[at + 1]]
      if (ADDED.has(name)) this.add(name, value)
      else this.set(name, value)
    }
  }

  /** All of them. @param defaults flat, for the names that have no value of their own */
  flat(defaults: readonly string[]): string[] {
    const fields: string[] = []
    for (let at = 0; at < defaults.length; at += 2) {
      const [name = '', value = ''] = [defaults[at], defaults[at + 1]]
      if (!this.#single.has(name)) fields.push(name, value)
    }
    for (const [name, value] of this.#single) fields.push(name, value)
    for (const text of this.#several) fields.push(text)
    return fields
  }
}

/** A flat list of what a route wants to say, names in lower case. @throws Error as `checkValue` */
export function fieldsOf(headers: Readonly<Record<string, string>>): string[] {
  const fields: string[] = []
  for (const name in headers) {
    fields.push(name.toLowerCase(), checkValue(name, headers[name] ?? ''))
  }
  return fields
}

/**
 * @throws Error for a value that is not printable ASCII. Whatever writes the answer refuses those as well, but past the
 * point where a refusal can still be answered.
 */
export function checkValue(name: string, value: string): string {
  if (!/^[\x20-\x7E]*$/.test(value)) throw new Error(`The header ${name} of an answer has an illegal value`)
  return value
}

/** For hosts that want a `Response`. */
export function headersOf(fields: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at < fields.length; at += 2) headers.append(fields[at] ?? '', fields[at + 1] ?? '')
  return headers
}
