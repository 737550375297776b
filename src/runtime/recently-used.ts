import { LRUCache } from 'lru-cache'

/**
 * The `most` entries that were used last. Memory is taken as it fills; by `max` an `LRUCache` takes all of it when it is
 * made, which a start would wait for.
 */
export function recentlyUsed<Key extends string, Value extends NonNullable<unknown>>(
  most: number,
): LRUCache<Key, Value> {
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1 })
}
