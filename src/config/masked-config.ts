import { formatByteSize } from './byte-size.js'
import type { Config } from './config.js'
import { formatDuration } from './duration.js'
import type { FieldNotes } from './fields.js'
import { keyLeaves, snakeCase } from './key-tree.js'
import { MASK, maskUrl } from './mask-url.js'

export interface MaskedSection {
  [key: string]: MaskedValue
}
export type MaskedValue = string | number | boolean | null | readonly MaskedValue[] | MaskedSection

/** The effective configuration in the names and units of YAML, with every secret masked: fit to be shown. */
export function maskedConfig(config: Config): MaskedSection {
  const root: MaskedSection = {}
  for (const { path, notes } of keyLeaves) {
    let section = root
    for (const step of path.slice(0, -1)) section = subsection(section, snakeCase(step))
    section[snakeCase(path.at(-1) ?? '')] = masked(valueAt(config, path), notes)
  }
  return root
}

function masked(value: unknown, notes: FieldNotes): MaskedValue {
  if (Array.isArray(value)) return value.map((item) => masked(item, notes))
  if (value === null || value === undefined) return null
  if (notes.confidential === 'whole') return MASK
  if (typeof value === 'number' && notes.kind === 'duration') return formatDuration(value)
  if (typeof value === 'number' && notes.kind === 'size') return formatByteSize(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return notes.confidential === 'url' ? maskUrl(String(value)) : String(value)
}

function subsection(section: MaskedSection, name: string): MaskedSection {
  const existing = section[name]
  if (isSection(existing)) return existing
  const made: MaskedSection = {}
  section[name] = made
  return made
}

function isSection(value: MaskedValue | undefined): value is MaskedSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, step)?.value : undefined,
    value,
  )
}
