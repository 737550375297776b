/**
 * The circles of a directed graph: one for each group of nodes that reach each other (Tarjan's components of more than
 * one node, or of one that names itself).
 * @param edges from each node to those it names; names that are no key are ignored
 */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []

  const visit = (node: string): number => {
    const own = order.size
    order.set(node, own)
    lowest.set(node, own)
    open.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue
      const reached = order.has(next) ? (open.includes(next) ? (order.get(next) ?? own) : own) : visit(next)
      lowest.set(node, Math.min(lowest.get(node) ?? own, reached))
    }
    const low = lowest.get(node) ?? own
    if (low === own) {
      const group = open.splice(open.indexOf(node))
      if (group.length > 1 || edges.get(node)?.includes(node)) found.push(group)
    }
    return low
  }

  for (const node of edges.keys()) if (!order.has(node)) visit(node)
  return found
}
