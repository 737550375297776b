import { z } from 'zod'
import { type FieldNotes, fieldNotes } from './fields.js'
import { configSchema } from './schema.js'

export interface KeySection {
  readonly kind: 'section'
  readonly path: readonly string[]
  /** By the name that YAML uses. */
  readonly children: ReadonlyMap<string, KeyNode>
}

export interface KeyLeaf {
  readonly kind: 'leaf'
  /** In the names of the library: `['auth', 'session', 'absoluteTtl']`. */
  readonly path: readonly string[]
  readonly notes: FieldNotes
  readonly schema: z.core.$ZodType
}

export type KeyNode = KeySection | KeyLeaf

/** `absoluteTtl` → `absolute_ttl`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The dotted key as YAML and messages write it. */
export function yamlKey(path: readonly string[]): string {
  return path.map(snakeCase).join('.')
}

/** The keys of the schema as a tree, derived from it once. */
export const keyTree: KeySection = section(configSchema, [])

/** Every leaf in the order of the schema. */
export const keyLeaves: readonly KeyLeaf[] = leavesOf(keyTree)

const leafByKey = new Map(keyLeaves.map((leaf) => [leaf.path.join('.'), leaf]))

/** The leaf that `path` names or points into (an element of a list), if any. */
export function leafAt(path: readonly PropertyKey[]): KeyLeaf | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const leaf = leafByKey.get(path.slice(0, length).join('.'))
    if (leaf) return leaf
  }
  return undefined
}

function section(schema: z.ZodObject, path: readonly string[]): KeySection {
  const children = new Map<string, KeyNode>()
  for (const [name, child] of Object.entries(schema.shape)) children.set(snakeCase(name), node(child, [...path, name]))
  return { kind: 'section', path, children }
}

function node(schema: z.core.$ZodType, path: readonly string[]): KeyNode {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema
  if (inner instanceof z.ZodObject) return section(inner, path)
  const notes = fieldNotes.get(schema)
  if (notes === undefined) throw new Error(`the key ${path.join('.')} has no notes`)
  return { kind: 'leaf', path, notes, schema }
}

function leavesOf(from: KeySection): KeyLeaf[] {
  return [...from.children.values()].flatMap((child) => (child.kind === 'leaf' ? [child] : leavesOf(child)))
}
