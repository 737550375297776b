import { posix } from 'node:path'
import { findCycles } from './find-cycles.js'
import {
  COMPOSERS,
  FORBIDDEN_WORDS,
  GENERATED_FILES,
  HTTP_FILES,
  HTTP_NAMES,
  HTTP_PACKAGES,
  LAYERS,
  LONG_SHARE,
  MAX_LINES,
  prefixOf,
  QUERY_TYPES,
  ROOM_DOORS,
  ROOM_TIERS,
  SCOPE_TYPES,
  UNSCOPED,
  USUAL_LINES,
} from './layout.js'
import { type ImportOf, readModule, type SourceFile, type SourceModule } from './source-module.js'

export interface Violation {
  readonly rule: string
  readonly path: string
  readonly message: string
}

export interface ArchitectureReport {
  /** How many files were parsed and checked, so that a check of nothing can be told from a clean one. */
  readonly modules: number
  readonly imports: number
  readonly violations: readonly Violation[]
}

type ModuleRule = (module: SourceModule, known: ReadonlySet<string>) => Iterable<Omit<Violation, 'path'>>

/** Checks the files of `src/` against the rules of the house. */
export function checkArchitecture(files: readonly SourceFile[]): ArchitectureReport {
  const modules = files.map(readModule)
  const known = new Set(modules.map((module) => module.path))
  const violations: Violation[] = []
  for (const module of modules) {
    const rules = module.isTest ? RULES_FOR_ALL : [...RULES_FOR_ALL, ...RULES_FOR_CODE]
    for (const rule of rules) {
      for (const found of rule(module, known)) violations.push({ ...found, path: module.path })
    }
  }
  const code = modules.filter((module) => !module.isTest)
  violations.push(...cycles(code), ...tooManyLongFiles(code))
  return {
    modules: modules.length,
    imports: modules.reduce((sum, module) => sum + module.imports.length, 0),
    violations,
  }
}

const RULES_FOR_ALL: readonly ModuleRule[] = [forbiddenConstructs, names, specifiers, roomGrammar]
const RULES_FOR_CODE: readonly ModuleRule[] = [
  size,
  layers,
  rooms,
  contractIsPure,
  knowsHttp,
  noTestCode,
  handedIn,
  tenantScope,
]

function* forbiddenConstructs(module: SourceModule): ReturnType<ModuleRule> {
  for (const { rule, line } of module.marks) if (rule !== 'ambient') yield { rule, message: `line ${line}` }
}

function* handedIn(module: SourceModule): ReturnType<ModuleRule> {
  if (roomOf(module.path) === null) return
  for (const { rule, line } of module.marks) {
    if (rule === 'ambient') yield { rule, message: `line ${line}: time, chance and environment are handed in` }
  }
}

function* tenantScope(module: SourceModule): ReturnType<ModuleRule> {
  if (!module.path.endsWith('-store.ts')) return
  for (const { name, parameters } of module.functions) {
    const queries = parameters.some((type) => type !== null && QUERY_TYPES.includes(type))
    const isScoped = SCOPE_TYPES.includes(parameters[0] ?? '')
    if (queries && !isScoped && UNSCOPED[name] === undefined) {
      yield { rule: 'tenant-scope', message: `${name} takes a TenantScope first` }
    }
  }
}

function* names(module: SourceModule): ReturnType<ModuleRule> {
  const words = module.path.split(/[/.-]/)
  const word = words.find((candidate) => FORBIDDEN_WORDS.includes(candidate))
  if (word !== undefined) yield { rule: 'names', message: `"${word}" says nothing about what is inside` }
  if (!/^[a-z0-9./-]+$/.test(module.path)) yield { rule: 'names', message: 'file names are kebab-case' }
}

function* specifiers(module: SourceModule, known: ReadonlySet<string>): ReturnType<ModuleRule> {
  for (const { specifier, target } of module.imports) {
    if (target === null) continue
    if (!specifier.endsWith('.js')) yield { rule: 'specifiers', message: `${specifier} does not end in .js` }
    else if (target.startsWith('src/') && !known.has(target)) {
      yield { rule: 'specifiers', message: `${specifier} is not a file of src/` }
    } else if (!target.startsWith('src/') && !module.isTest) {
      yield { rule: 'specifiers', message: `${specifier} leaves src/` }
    }
  }
}

function* size(module: SourceModule): ReturnType<ModuleRule> {
  if (GENERATED_FILES.includes(module.path)) return
  if (module.lines > MAX_LINES) yield { rule: 'size', message: `${module.lines} lines; ${MAX_LINES} at most` }
}

function* layers(module: SourceModule): ReturnType<ModuleRule> {
  const area = areaOf(module.path)
  const allowed = LAYERS[area]
  if (allowed === undefined) {
    yield { rule: 'layers', message: `${area} is not in the layout; say in it what ${area} may import` }
    return
  }
  for (const { target, specifier } of inside(module)) {
    const other = areaOf(target)
    if (other !== area && !allowed.includes(other)) {
      yield { rule: 'layers', message: `${area} may not import ${other} (${specifier})` }
    }
  }
}

function* rooms(module: SourceModule): ReturnType<ModuleRule> {
  const room = roomOf(module.path)
  for (const { target } of inside(module)) {
    const other = roomOf(target)
    if (other === null || other === room) continue
    const isDoor = ROOM_DOORS.some((door) => door.test(target))
    if (!isDoor && !COMPOSERS.includes(module.path)) {
      yield { rule: 'room-doors', message: `${target} is private to its room` }
    }
    if (room !== null && tierOf(room) < tierOf(other)) {
      yield { rule: 'room-order', message: `${room} comes before ${other}, so it may not know it` }
    }
  }
}

function* roomGrammar(module: SourceModule): ReturnType<ModuleRule> {
  if (!module.path.startsWith('src/features/')) return
  const room = roomOf(module.path)
  if (room === null) {
    yield { rule: 'room-grammar', message: 'a file of features/ stands in a room' }
    return
  }
  if (tierOf(room) === -1) yield { rule: 'room-grammar', message: `${room} has no place in the order of rooms` }
  const name = module.path.slice(`src/features/${room}/`.length)
  if (name.includes('/')) yield { rule: 'room-grammar', message: 'a room has no folders' }
  else if (!name.startsWith(`${prefixOf(room)}-`)) {
    yield { rule: 'room-grammar', message: `the name starts with "${prefixOf(room)}-"` }
  }
}

function* contractIsPure(module: SourceModule): ReturnType<ModuleRule> {
  if (areaOf(module.path) !== 'contract') return
  for (const { specifier, target } of module.imports) {
    if (target === null) yield { rule: 'contract', message: `contract imports nothing, not even ${specifier}` }
  }
}

function* knowsHttp(module: SourceModule): ReturnType<ModuleRule> {
  if (HTTP_FILES.some((pattern) => pattern.test(module.path))) return
  for (const name of HTTP_NAMES) {
    if (module.names.has(name)) yield { rule: 'http', message: `names ${name}` }
  }
  for (const { specifier, target } of module.imports) {
    const isHttp = target?.startsWith('src/http/') || HTTP_PACKAGES.some((pattern) => pattern.test(specifier))
    if (isHttp) yield { rule: 'http', message: `imports ${specifier}` }
  }
}

function* noTestCode(module: SourceModule): ReturnType<ModuleRule> {
  for (const { specifier, target } of module.imports) {
    if (target?.endsWith('.test.ts') || specifier === 'vitest') {
      yield { rule: 'test-code', message: `imports ${specifier}` }
    }
  }
}

function* cycles(modules: readonly SourceModule[]): Iterable<Violation> {
  // Types of one folder may speak of each other: nothing of that is left when the program runs.
  const counts = (from: string, edge: { readonly target: string; readonly typeOnly: boolean }) =>
    !edge.typeOnly || posix.dirname(from) !== posix.dirname(edge.target)
  const edges = new Map(
    modules.map(({ path, ...module }) => [
      path,
      inside(module)
        .filter((edge) => counts(path, edge))
        .map(({ target }) => target),
    ]),
  )
  for (const cycle of findCycles(edges)) {
    yield { rule: 'cycles', path: cycle[0] ?? '', message: [...cycle, cycle[0]].join(' → ') }
  }
}

function* tooManyLongFiles(modules: readonly SourceModule[]): Iterable<Violation> {
  const long = modules.filter((module) => module.lines > USUAL_LINES && !GENERATED_FILES.includes(module.path))
  if (long.length <= modules.length * LONG_SHARE) return
  const list = long.map((module) => module.path).join(', ')
  yield { rule: 'long-files', path: 'src', message: `${long.length} of ${modules.length} over ${USUAL_LINES}: ${list}` }
}

/** The imports that stay in `src/`, with their files. */
function inside(module: Pick<SourceModule, 'imports'>): readonly (ImportOf & { readonly target: string })[] {
  return module.imports.flatMap(({ target, ...rest }) => (target?.startsWith('src/') ? [{ ...rest, target }] : []))
}

/** The folder under `src/` that a file is in, or the file's own name at the root. */
function areaOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function roomOf(path: string): string | null {
  return /^src\/features\/([^/]+)\/./.exec(path)?.[1] ?? null
}

function tierOf(room: string): number {
  return ROOM_TIERS.findIndex((tier) => tier.includes(room))
}
