import type { ConfigProblem } from './config-error.js'
import type { FieldKind } from './fields.js'
import { keyLeaves, yamlKey } from './key-tree.js'
import type { Origin } from './problems.js'

/** One value that a source gives for one key. */
export interface Setting {
  /** In the names of the library. */
  readonly path: readonly string[]
  readonly value: unknown
  /** `file:line:column`, a variable or an option. */
  readonly source: string
  /** The key as its source writes it. */
  readonly key: string
  /** True where the value came through `${…}`, so that it may be anybody's secret and is never quoted. */
  readonly hidden?: boolean
}

/** What one source says, and what it says wrongly. */
export interface Layer {
  readonly settings: readonly Setting[]
  readonly problems: readonly ConfigProblem[]
}

/** The value that a text stands for; a text that does not fit is left for the schema to refuse. */
export function valueOfText(kind: FieldKind, text: string): unknown {
  if (kind === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** The values of all settings as one input; a later one replaces an earlier one of the same key. */
export function inputOf(settings: readonly Setting[]): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const { path, value } of settings) {
    let at = input
    for (const step of path.slice(0, -1)) {
      const inner = at[step]
      const next = isRecord(inner) ? inner : {}
      at[step] = next
      at = next
    }
    const last = path.at(-1)
    if (last !== undefined) at[last] = value
  }
  return input
}

/** Where each key's value came from; for a key that nobody gave, the variable that would. */
export function originsOf(settings: readonly Setting[]): Origin {
  const byPath = new Map(settings.map((setting) => [setting.path.join('.'), setting]))
  return (path) => {
    const text = path.join('.')
    const setting = [...byPath].find(([given]) => text === given || text.startsWith(`${given}.`))?.[1]
    if (setting !== undefined) return setting
    const leaf = keyLeaves.find((candidate) => candidate.path.join('.') === text)
    return { source: leaf?.notes.env ?? '', key: leaf === undefined ? text : yamlKey(leaf.path) }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
