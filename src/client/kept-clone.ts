const clones = new WeakMap<object, object>()

/**
 * A clone that lives as long as its original: where it is collected first, Node.js before 20.20 ends the body of the
 * original with it (nodejs/undici#4150).
 */
export function keptClone<Clone extends object>(original: { clone(): Clone }): Clone {
  const clone = original.clone()
  clones.set(original, clone)
  return clone
}
