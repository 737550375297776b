import { describe, expect, it } from 'vitest'
import { isPermitted } from '../../contract/permission.js'
import { permissionsOf, rolesOf } from './access-service.js'

// ASVS 8.2.1
describe('permissions', () => {
  it.each([
    [['*'], 'users:read', true],
    [['users:*'], 'users:read', true],
    [['*:read'], 'users:read', true],
    [['users:read'], 'users:read', true],
    [['users:read'], 'users:write', false],
    [['users:*'], 'sessions:read', false],
    [['users:*'], 'users', false],
    [['*:*'], 'system:rotate', true],
    [[], 'users:read', false],
    [['users:read'], '', false],
    [['users:read'], '*', false],
    [['users:read'], 'users:*', false],
    [['users:read'], 'users:read:secret', false],
  ])('%j cover %j: %s', (granted, wanted, permitted) => {
    expect(isPermitted(granted, wanted)).toBe(permitted)
  })

  it('are those of all roles together, each once, in a fixed order', () => {
    expect(permissionsOf(['viewer', 'editor'])).toEqual(['content:read', 'content:write', 'profile:*'])
    expect(permissionsOf(['no such role'])).toEqual([])
  })

  it('of a tenant administrator do not reach what belongs to no tenant', () => {
    expect(isPermitted(permissionsOf(['admin']), 'system:keys')).toBe(false)
    expect(isPermitted(permissionsOf(['superadmin']), 'system:keys')).toBe(true)
  })

  it('start from roles as the database joined them', () => {
    expect(rolesOf(null)).toEqual([])
    expect(rolesOf('viewer,admin')).toEqual(['admin', 'viewer'])
  })
})
