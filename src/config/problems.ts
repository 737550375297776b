import type { z } from 'zod'
import type { ConfigProblem } from './config-error.js'
import { type KeyLeaf, keyTree, leafAt } from './key-tree.js'
import { nearest } from './nearest.js'

/** Where the value at a path came from, what it is called there, and whether it must not be quoted. */
export type Origin = (path: readonly PropertyKey[]) => {
  readonly source: string
  readonly key: string
  readonly hidden?: boolean
}

/** Turns what the schema found into sentences; a value is quoted only where it can't be confidential. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  origin: Origin,
): readonly ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((name) => {
        const { source, key } = origin([...issue.path, name])
        return { source, key, message: unknownKey(name, issue.path) }
      })
    const leaf = leafAt(issue.path)
    const { source, key, hidden = false } = origin(issue.path)
    const value = valueAt(input, issue.path)
    const got = hidden ? 'a text from the environment that is not shown' : describe(value, leaf)
    return [{ source, key, message: `expected ${leaf?.notes.expected ?? 'a section of keys'}, got ${got}` }]
  })
}

/** @param path of the section, in camelCase */
function unknownKey(name: string, path: readonly PropertyKey[]): string {
  let names = [...keyTree.children.values()]
  for (const step of path) {
    const next = names.find((child) => child.path.at(-1) === step)
    names = next?.kind === 'section' ? [...next.children.values()] : []
  }
  return unknownKeyMessage(
    name,
    names.map((child) => child.path.at(-1) ?? ''),
  )
}

/** `expected a known key (did you mean ttl?), got an unknown one`. */
export function unknownKeyMessage(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined
    ? `expected a known key (${known.join(', ')}), got an unknown one`
    : `expected a known key (did you mean ${near}?), got an unknown one`
}

/** What was found, in words. Text is quoted only when it is short, plain and belongs to a key that holds no secret. */
export function describe(value: unknown, leaf: KeyLeaf | undefined): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a section'
  if (leaf?.notes.confidential !== undefined) return `${kindOf(value)} that is not shown`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return kindOf(value)
  if (value === '') return 'an empty text'
  return /^[\w .,:/+*-]{1,60}$/.test(value) ? `"${value}"` : 'a text that is not shown'
}

function kindOf(value: unknown): string {
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof value !== 'object' || value === null) return undefined
  return valueAt(Object.getOwnPropertyDescriptor(value, step)?.value, rest)
}
