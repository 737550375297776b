const REFERENCE = /\$(\$)?\{([^}]*)(\}?)/g
const NAMED = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

export type Environment = Readonly<Record<string, string | undefined>>

export interface Interpolated {
  readonly text: string
  /** True where a variable or its default was put in. */
  readonly changed: boolean
  /** Variables that are unset or empty and have no default. */
  readonly missing: readonly string[]
  /** True where `${` is not followed by a name, or by a name, `:-` and a default, and `}`. */
  readonly malformed: boolean
}

/**
 * Puts variables in the place of `${NAME}` and `${NAME:-default}`; `$${` stands for a literal `${`.
 * A variable that is empty counts as unset. What is put in is not looked at again.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const missing: string[] = []
  let changed = false
  let malformed = false
  const result = text.replace(REFERENCE, (whole: string, escaped: string | undefined, inner: string, end: string) => {
    if (escaped !== undefined) return whole.slice(1)
    const [, name, fallback] = NAMED.exec(inner) ?? []
    if (name === undefined || end === '') {
      malformed = true
      return whole
    }
    changed = true
    const value = env[name] || fallback
    if (value === undefined) missing.push(name)
    return value ?? ''
  })
  return { text: result, changed, missing, malformed }
}
