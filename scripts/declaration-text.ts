import { isBindingElement, isClassDeclaration, isFunctionDeclaration, type Node } from 'typescript/unstable/ast'
import { SymbolFlags, type Symbol as TypeSymbol } from 'typescript/unstable/sync'
import type { Declarations } from './declarations.js'

/** A type that takes more is not shown: it says less than the documentation. */
const MOST_CHARACTERS = 400

/** How a name is declared, without what it does: the signature of a function, the public members of a class. */
export function declarationText({ checker }: Declarations, name: string, symbol: TypeSymbol): string {
  const nodes = nodesOf(symbol)
  const signatures = nodes.filter(isFunctionDeclaration)
  // An implementation under overloads is nobody's business.
  const shown = signatures.length > 1 ? signatures.filter(({ body }) => body === undefined) : signatures
  if (shown.length > 0) return shown.map((node) => unexported(upTo(node, node.body))).join('\n')
  const [node] = nodes
  if (node === undefined) throw new Error(`${name} is declared nowhere`)
  if (isClassDeclaration(node)) return classText(node)
  if ((symbol.flags & SymbolFlags.Variable) === 0) return unexported(node.getText())
  const whole = checker.typeToString(checker.getTypeOfSymbolAtLocation(symbol, node), node, IN_FULL)
  const type = whole.replaceAll(/\bimport\("[^"]+"\)\./g, '')
  return `const ${name}: ${type.length > MOST_CHARACTERS ? '{ … }' : type}`
}

/** `NodeBuilderFlags.NoTruncation` */
const IN_FULL = 1

export function nodesOf({ declarations }: TypeSymbol): Node[] {
  return declarations.flatMap((handle) => handle.resolve() ?? [])
}

/** The documentation of a name; of one that is taken out of an object, that of the object's member. */
export function documented({ checker }: Declarations, symbol: TypeSymbol): TypeSymbol {
  const [node] = nodesOf(symbol)
  if (node === undefined || !isBindingElement(node)) return symbol
  const whole = checker.getTypeAtLocation(node.parent)
  return (whole && checker.getPropertyOfType(whole, symbol.name)) ?? symbol
}

function classText(node: Node & { readonly members: readonly Node[] }): string {
  const [first] = node.members
  const head = unexported(first === undefined ? node.getText() : upTo(node, first, true))
  const members = node.members
    .map((member) => bodiless(member))
    .filter((text) => !/^(?:readonly )?#|^private /m.test(text))
  return `${head.replace(/\{?\s*$/, '').trimEnd()} {\n${members.map((text) => `  ${text}`).join('\n')}\n}`
}

function bodiless(member: Node): string {
  const file = member.getSourceFile()
  let body: Node | undefined
  member.forEachChild((child) => {
    if (/^\{[\s\S]*\}$/.test(child.getText()) && child.end === member.end) body = child
  })
  const [start, end] = [member.getStart(file, true), body === undefined ? member.end : body.getStart(file)]
  return file.text
    .slice(start, end)
    .trim()
    .replace(/^( *)declare /m, '$1')
}

function upTo(node: Node, end: Node | undefined, withDocs = false): string {
  const file = node.getSourceFile()
  return file.text.slice(node.getStart(file), end === undefined ? node.end : end.getStart(file, withDocs)).trim()
}

const unexported = (text: string) => text.replace(/^export /, '').replace(/^async /, '')
