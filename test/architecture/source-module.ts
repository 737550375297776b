import { posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

export interface SourceFile {
  /** From the project's folder, with slashes: `src/http/route.ts`. */
  readonly path: string
  readonly source: string
}

export interface ImportOf {
  readonly specifier: string
  /** The file of `src/` that a relative specifier names; `null` for a package. */
  readonly target: string | null
}

/** A construct that the house does without, and where it stands. */
export interface Mark {
  readonly rule: 'export-star' | 'any' | 'non-null' | 'cast' | 'default-export' | 'suppression'
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
  readonly isTest: boolean
}

/** @throws Error where the file does not parse, since what was not read was not checked */
export function readModule({ path, source }: SourceFile): SourceModule {
  const parsed = parseSync(path, source)
  const [problem] = parsed.errors
  if (problem !== undefined) throw new Error(`${path} does not parse: ${problem.message}`)

  const specifiers: string[] = []
  const marks: Mark[] = []
  const names = new Set<string>()
  const mark = (rule: Mark['rule'], node: { readonly start: number }) =>
    marks.push({ rule, line: source.slice(0, node.start).split('\n').length })
  const visitor = new Visitor({
    ImportDeclaration: (node) => void specifiers.push(node.source.value),
    ExportNamedDeclaration: (node) => void (node.source !== null && specifiers.push(node.source.value)),
    ExportAllDeclaration: (node) => {
      specifiers.push(node.source.value)
      mark('export-star', node)
    },
    ExportDefaultDeclaration: (node) => void mark('default-export', node),
    ImportExpression: (node) => {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') specifiers.push(node.source.value)
    },
    TSImportType: (node) => void specifiers.push(node.source.value),
    TSAnyKeyword: (node) => void mark('any', node),
    TSNonNullExpression: (node) => void mark('non-null', node),
    TSAsExpression: (node) => {
      const target = node.typeAnnotation
      const isConst =
        target.type === 'TSTypeReference' && target.typeName.type === 'Identifier' && target.typeName.name === 'const'
      if (!isConst) mark('cast', node)
    },
    TSTypeAssertion: (node) => void mark('cast', node),
    Identifier: (node) => void names.add(node.name),
  })
  visitor.visit(parsed.program)
  for (const comment of parsed.comments) {
    if (/@ts-(ignore|expect-error|nocheck)/.test(comment.value)) mark('suppression', comment)
  }

  return {
    path,
    lines: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
    imports: specifiers.map((specifier) => ({ specifier, target: resolve(path, specifier) })),
    marks,
    names,
    isTest: path.endsWith('.test.ts'),
  }
}

function resolve(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}
