/**
 * True where one of the permissions held covers the one needed. A permission is `resource:action`;
 * `*` stands for any part, or alone for everything.
 */
export function isPermitted(held: readonly string[], needed: string): boolean {
  return held.some((permission) => coversOne(permission, needed))
}

function coversOne(held: string, needed: string): boolean {
  if (held === needed || held === '*') return true
  const [resource, action, ...more] = held.split(':')
  const [neededResource, neededAction, ...neededMore] = needed.split(':')
  if (more.length > 0 || neededMore.length > 0 || action === undefined || neededAction === undefined) return false
  return (resource === '*' || resource === neededResource) && (action === '*' || action === neededAction)
}
