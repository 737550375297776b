import { API, type Checker, type Program, SymbolFlags, type Symbol as TypeSymbol } from 'typescript/unstable/sync'

export interface Declarations {
  readonly checker: Checker
  readonly program: Program
  /** What a file exports, by name; an export of something imported is what it leads to. */
  exportsOf(file: string): ReadonlyMap<string, TypeSymbol>
  close(): void
}

/** Reads the types of a project. @param tsconfig its path */
export function openDeclarations(tsconfig: string): Declarations {
  const api = new API()
  const project = api.updateSnapshot({ openProjects: [tsconfig] }).getProjects()[0]
  if (project === undefined) throw new Error(`${tsconfig} is no project`)
  const { checker, program } = project
  return {
    checker,
    program,
    exportsOf(file) {
      const source = program.getSourceFile(file)
      const module = source && checker.getSymbolAtLocation(source)
      if (module === undefined) throw new Error(`${file} is no module of ${tsconfig}`)
      const target = (symbol: TypeSymbol) =>
        symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, target(symbol)]))
    },
    close: () => api.close(),
  }
}
