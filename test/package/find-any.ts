import { SignatureKind, SymbolFlags, type Type, TypeFlags, type Symbol as TypeSymbol } from 'typescript/unstable/sync'
import type { Declarations } from '../../scripts/declarations.js'

/** Types of React and Hono whose parameters are `any` where they are left out, as is usual. */
const WITH_DEFAULTS = ['ReactElement', 'Context']

/**
 * Walks through everything that an exported name shows: what it is made of, takes and gives, and so on. Interfaces and
 * classes of other packages are not opened, but for the types that are handed to them, as in `Promise<any>`.
 */
export class AnyFinder {
  /** Where a type is `any`, or could not be resolved, which compiles as the same: `Auth.sockets.send(frame)`. */
  readonly found: string[] = []
  /** How many types were looked at. */
  get looked(): number {
    return this.#seen.size
  }
  readonly #seen = new Set<number>()
  readonly #checker: Declarations['checker']
  readonly #isOurs: (file: string) => boolean

  /** @param isOurs tells which declaration files belong to the package */
  constructor({ checker }: Declarations, isOurs: (file: string) => boolean) {
    this.#checker = checker
    this.#isOurs = isOurs
  }

  search(name: string, symbol: TypeSymbol): void {
    if (symbol.flags & SymbolFlags.Type) this.#walk(this.#checker.getDeclaredTypeOfSymbol(symbol), name)
    if (symbol.flags & SymbolFlags.Value) this.#walk(this.#checker.getTypeOfSymbol(symbol), name)
  }

  #walk(type: Type | undefined, path: string): void {
    if (type === undefined || type.isErrorType() || type.flags & TypeFlags.Any) {
      this.found.push(path)
      return
    }
    if (this.#seen.has(type.id)) return
    this.#seen.add(type.id)
    if (this.#isLeftClosed(type)) return
    for (const [index, part] of type.getAliasTypeArguments().entries()) this.#walk(part, `${path}<${index}>`)
    if (type.isUnionType() || type.isIntersectionType() || type.isTemplateLiteralType()) {
      for (const part of type.getTypes()) this.#walk(part, path)
    } else if (type.isTypeParameter()) {
      const constraint = this.#checker.getConstraintOfTypeParameter(type)
      if (constraint) this.#walk(constraint, `${path} extends`)
    } else if (type.isIndexType()) this.#walk(type.getTarget(), path)
    else if (type.isIndexedAccessType()) {
      this.#walk(type.getObjectType(), path)
      this.#walk(type.getIndexType(), path)
    } else if (type.isConditionalType()) {
      for (const part of [type.getCheckType(), type.getTrueType(), type.getFalseType()]) this.#walk(part, path)
    } else if (type.isObjectType()) this.#walkObject(type, path)
  }

  #walkObject(type: Type, path: string): void {
    const checker = this.#checker
    if (type.isTypeReference()) {
      for (const [index, part] of checker.getTypeArguments(type).entries()) this.#walk(part, `${path}<${index}>`)
    }
    if (this.#isForeign(type)) return
    const isNamed = ((type.getSymbol()?.flags ?? 0) & (SymbolFlags.Class | SymbolFlags.Interface)) !== 0
    for (const member of checker.getPropertiesOfType(type)) {
      // Inherited from elsewhere, such as the static side of Error; or a `#name`, whose type nobody is told.
      if ((isNamed && !this.#isDeclaredHere(member)) || member.name.includes('#')) continue
      this.#walk(checker.getTypeOfSymbol(member), `${path}.${member.name}`)
    }
    for (const { keyType, valueType } of checker.getIndexInfosOfType(type)) {
      this.#walk(keyType, `${path}[]`)
      this.#walk(valueType, `${path}[]`)
    }
    for (const kind of [SignatureKind.Call, SignatureKind.Construct]) {
      for (const signature of checker.getSignaturesOfType(type, kind)) {
        for (const parameter of signature.getTypeParameters()) this.#walk(parameter, `${path}<>`)
        for (const parameter of signature.getParameters()) {
          this.#walk(checker.getTypeOfSymbol(parameter), `${path}(${parameter.name})`)
        }
        this.#walk(checker.getReturnTypeOfSignature(signature), `${path}()`)
      }
    }
  }

  /** An interface or class that is declared elsewhere; what has no name is opened wherever it stands. */
  #isForeign(type: Type): boolean {
    const named = type.isTypeReference() ? type.getTarget() : type
    if (this.#checker.isTupleType(type)) return true
    if (!named.isClassOrInterface()) return false
    const symbol = named.getSymbol()
    return symbol === undefined || !this.#isDeclaredHere(symbol)
  }

  /** What another package names, without being handed anything of ours: what is in it is that package's business. */
  #isLeftClosed(type: Type): boolean {
    const alias = type.getAliasSymbol()
    if (alias) return type.getAliasTypeArguments().length === 0 && !this.#isDeclaredHere(alias)
    const symbol = type.getSymbol()
    return symbol !== undefined && WITH_DEFAULTS.includes(symbol.name) && !this.#isDeclaredHere(symbol)
  }

  #isDeclaredHere({ declarations }: TypeSymbol): boolean {
    return declarations.some(({ path }) => this.#isOurs(path))
  }
}
