/** Runs `work` on every item, so many at a time. */
export async function atOnce<Item>(items: readonly Item[], many: number, work: (item: Item) => Promise<unknown>) {
  const left = items.values()
  const drive = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: many }, drive))
}
