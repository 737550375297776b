import { posix } from 'node:path'
import { type Function as FunctionNode, parseSync, Visitor } from 'oxc-parser'

export interface SourceFile {
  /** From the project's folder, with slashes: `src/http/route.ts`. */
  readonly path: string
  readonly source: string
}

export interface ImportOf {
  readonly specifier: string
  /** The file of `src/` that a relative specifier names; `null` for a package. */
  readonly target: string | null
  /** Erased before the program runs. */
  readonly typeOnly: boolean
}

/** An exported function and the types of its parameters, by their names; `null` where one is not a plain name. */
export interface ExportedFunction {
  readonly name: string
  readonly parameters: readonly (string | null)[]
}

/** A construct that the house does without, and where it stands. */
export interface Mark {
  readonly rule: 'export-star' | 'any' | 'non-null' | 'cast' | 'default-export' | 'suppression' | 'ambient'
  readonly line: number
}

/** What the rules need to know of one file. */
export interface SourceModule {
  readonly path: string
  readonly lines: number
  readonly imports: readonly ImportOf[]
  readonly marks: readonly Mark[]
  /** Identifiers that the file uses, whatever for. */
  readonly names: ReadonlySet<string>
  readonly functions: readonly ExportedFunction[]
  readonly isTest: boolean
}

/** @throws Error where the file does not parse, since what was not read was not checked */
export function readModule({ path, source }: SourceFile): SourceModule {
  const parsed = parseSync(path, source)
  const [problem] = parsed.errors
  if (problem !== undefined) throw new Error(`${path} does not parse: ${problem.message}`)

  const imports: ImportOf[] = []
  const add = (specifier: string, kind: 'type' | 'value' | undefined) =>
    imports.push({ specifier, target: resolve(path, specifier), typeOnly: kind === 'type' })
  const functions: ExportedFunction[] = []
  const marks: Mark[] = []
  const names = new Set<string>()
  const mark = (rule: Mark['rule'], node: { readonly start: number }) =>
    marks.push({ rule, line: source.slice(0, node.start).split('\n').length })
  const visitor = new Visitor({
    ImportDeclaration: (node) => void add(node.source.value, node.importKind),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node.source.value, node.exportKind)
      if (node.declaration?.type === 'FunctionDeclaration') functions.push(describe(node.declaration))
    },
    ExportAllDeclaration: (node) => {
      add(node.source.value, node.exportKind)
      mark('export-star', node)
    },
    ExportDefaultDeclaration: (node) => void mark('default-export', node),
    ImportExpression: (node) => {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') add(node.source.value, 'value')
    },
    TSImportType: (node) => void add(node.source.value, 'type'),
    TSAnyKeyword: (node) => void mark('any', node),
    TSNonNullExpression: (node) => void mark('non-null', node),
    TSAsExpression: (node) => {
      const target = node.typeAnnotation
      const isConst =
        target.type === 'TSTypeReference' && target.typeName.type === 'Identifier' && target.typeName.name === 'const'
      if (!isConst) mark('cast', node)
    },
    TSTypeAssertion: (node) => void mark('cast', node),
    MemberExpression: (node) => {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
      const call = `${node.object.name}.${node.property.name}`
      if (call === 'Date.now' || call === 'Math.random' || call === 'process.env') mark('ambient', node)
    },
    NewExpression: (node) => {
      const isClock = node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0
      if (isClock) mark('ambient', node)
    },
    Identifier: (node) => void names.add(node.name),
  })
  visitor.visit(parsed.program)
  for (const comment of parsed.comments) {
    if (/@ts-(ignore|expect-error|nocheck)/.test(comment.value)) mark('suppression', comment)
  }

  return {
    path,
    lines: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
    imports,
    marks,
    names,
    functions,
    isTest: path.endsWith('.test.ts'),
  }
}

function describe(node: FunctionNode): ExportedFunction {
  const parameters = node.params.map((parameter) => {
    const annotation = parameter.type === 'Identifier' ? parameter.typeAnnotation?.typeAnnotation : undefined
    if (annotation?.type !== 'TSTypeReference' || annotation.typeName.type !== 'Identifier') return null
    return annotation.typeName.name
  })
  return { name: node.id?.name ?? '', parameters }
}

function resolve(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}
