/** What a role may do: `resource:action`, where `*` stands for every resource or action, and alone for everything. */
export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

/**
 * The roles that every tenant has. `admin` is of its tenant; `superadmin` is of the whole deployment, and the only one
 * that reaches what belongs to no tenant (`system:*`).
 */
export const BUILT_IN_ROLES: readonly Role[] = [
  { name: 'viewer', permissions: ['content:read', 'profile:*'] },
  { name: 'editor', permissions: ['content:read', 'content:write', 'profile:*'] },
  {
    name: 'admin',
    permissions: ['content:*', 'profile:*', 'users:*', 'sessions:*', 'roles:*', 'audit:*', 'lockouts:*'],
  },
  { name: 'superadmin', permissions: ['*'] },
]
