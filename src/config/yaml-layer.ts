import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml'
import type { ConfigProblem } from './config-error.js'
import { type Environment, interpolate } from './interpolation.js'
import { type KeyLeaf, type KeyNode, type KeySection, keyTree } from './key-tree.js'
import { type Layer, type Setting, valueOfText } from './layer.js'
import { unknownKeyMessage } from './problems.js'

/** Our own words for what a parser finds: its messages may quote the file, and the file may hold a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: 'wrong indentation',
  MISSING_CHAR: 'a missing quote, colon, comma or bracket',
  MULTIPLE_DOCS: 'more than one document',
  TAB_AS_INDENT: 'a tab as indentation',
  TAG_RESOLVE_FAILED: 'an unknown tag',
  UNEXPECTED_TOKEN: 'something out of place (a value with { } [ ] : or # needs quotes)',
}

/** Reads the text of a configuration file. */
export function yamlLayer(text: string, file: string, env: Environment): Layer {
  return new YamlReader(text, file, env).read()
}

class YamlReader {
  readonly #text: string
  readonly #file: string
  readonly #env: Environment
  readonly #lines = new LineCounter()
  readonly #settings: Setting[] = []
  readonly #problems: ConfigProblem[] = []

  constructor(text: string, file: string, env: Environment) {
    this.#text = text
    this.#file = file
    this.#env = env
  }

  read(): Layer {
    const document = parseDocument(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      // Found again below, where the whole key is known.
      uniqueKeys: false,
      schema: 'core',
    })
    for (const { code, pos } of [...document.errors, ...document.warnings])
      this.#problem(pos[0], '', `expected valid YAML, got ${SYNTAX[code] ?? 'a syntax error'}`)
    const { contents } = document
    if (this.#problems.length === 0 && contents !== null) {
      if (isMap(contents)) this.#section(contents, keyTree, [])
      else if (!isEmpty(contents)) this.#problem(offsetOf(contents), '', 'expected a section of keys, got a value')
    }
    return { settings: this.#settings, problems: this.#problems }
  }

  #section(map: YAMLMap, section: KeySection, path: readonly string[]): void {
    const seen = new Set<string>()
    for (const pair of map.items) this.#pair(pair, section, path, seen)
  }

  #pair({ key, value }: Pair<unknown, unknown>, section: KeySection, path: readonly string[], seen: Set<string>): void {
    if (!isScalar(key)) {
      this.#problem(offsetOf(key), path.join('.'), 'expected plain keys, got a structure as a key')
      return
    }
    const name = String(key.value)
    const full = [...path, printable(name)].join('.')
    const at = key.range?.[0] ?? 0
    if (seen.has(name)) this.#problem(at, full, 'expected each key once, got it again')
    seen.add(name)
    const child = section.children.get(name)
    if (child === undefined) this.#problem(at, full, unknownKeyMessage(name, [...section.children.keys()]))
    else if (isAlias(value) || hasAnchor(value))
      this.#problem(at, full, 'expected a value written out, got an anchor or alias')
    else if (!isEmpty(value)) this.#value(value, child, [...path, name], at)
  }

  #value(value: unknown, child: KeyNode, path: readonly string[], at: number): void {
    const key = path.join('.')
    if (child.kind === 'section') {
      if (isMap(value)) this.#section(value, child, path)
      else this.#problem(at, key, `expected a section of keys, got ${isSeq(value) ? 'a list' : 'a value'}`)
    } else if (isMap(value)) this.#problem(at, key, `expected ${child.notes.expected}, got a section of keys`)
    else if (isSeq(value)) this.#list(value.items, child, key, at)
    else if (isScalar(value)) this.#scalar(value.value, child, key, offsetOf(value) ?? at)
  }

  #scalar(raw: unknown, leaf: KeyLeaf, key: string, at: number): void {
    const read = this.#interpolated(raw, leaf, key, at)
    if (read === null || (read.value === '' && read.hidden)) return
    this.#settings.push({ path: leaf.path, source: this.#where(at), key, ...read })
  }

  #list(items: readonly unknown[], leaf: KeyLeaf, key: string, at: number): void {
    const values = items.map((item) => {
      if (!isScalar(item) || hasAnchor(item)) {
        this.#problem(offsetOf(item) ?? at, key, `expected ${leaf.notes.expected}, got a structure in the list`)
        return null
      }
      return this.#interpolated(item.value, leaf, key, offsetOf(item) ?? at)
    })
    const read = values.filter((value) => value !== null)
    if (read.length < values.length) return
    const hidden = read.some((value) => value.hidden)
    this.#settings.push({
      path: leaf.path,
      source: this.#where(at),
      key,
      value: read.map(({ value }) => value),
      hidden,
    })
  }

  /** The value of a scalar, or `null` where its variables can't be put in. */
  #interpolated(raw: unknown, leaf: KeyLeaf, key: string, at: number): { value: unknown; hidden: boolean } | null {
    if (typeof raw === 'number' && leaf.notes.kind === 'duration') {
      this.#problem(at, key, `expected ${leaf.notes.expected}, got ${raw} without a unit`)
      return null
    }
    if (typeof raw !== 'string') return { value: raw, hidden: false }
    const { text, changed, missing, malformed } = interpolate(raw, this.#env)
    for (const name of new Set(missing))
      this.#problem(at, key, `expected the environment variable ${name}, got nothing: it is unset and has no default`)
    if (malformed)
      this.#problem(
        at,
        key,
        'expected a name, alone or with :- and a default, between the braces of ${, got something else ($${ writes the characters)',
      )
    if (malformed || missing.length > 0) return null
    return { value: changed ? valueOfText(leaf.notes.kind, text) : text, hidden: changed }
  }

  #problem(at: number | undefined, key: string, message: string): void {
    this.#problems.push({ source: this.#where(at ?? 0), key, message })
  }

  #where(offset: number): string {
    const { line, col } = this.#lines.linePos(offset)
    return `${this.#file}:${line}:${col}`
  }
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}

function hasAnchor(node: unknown): boolean {
  return (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined
}

/** A key without a value keeps its default. */
function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\p{L}\p{N}_.-]/gu, '?')
}
