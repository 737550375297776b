import { timingSafeEqual } from 'node:crypto'

/** Compares two secrets in a time that depends on their lengths alone. */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
