import { BUILT_IN_ROLES } from '../contract/built-in-roles.js'
import { Memo } from './memo.js'

const PERMISSIONS: ReadonlyMap<string, readonly string[]> = new Map(
  BUILT_IN_ROLES.map((role) => [role.name, role.permissions]),
)

/** Far more sets of roles than anybody has. */
const MOST_SETS = 1_000

const sets = new Memo((roles) => {
  const permissions = new Set<string>()
  for (const role of roles.split(',')) for (const permission of PERMISSIONS.get(role) ?? []) permissions.add(permission)
  return Object.freeze([...permissions].sort())
}, MOST_SETS)

/** What the roles permit together, each permission once. The same for all who have these roles: frozen. */
export function permissionsOf(roles: readonly string[]): readonly string[] {
  return sets.of(roles.join(','))
}
