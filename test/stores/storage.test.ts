import { expect, it } from 'vitest'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { describeEachDatabase } from '../databases/each-database.js'

describeEachDatabase('storage', (open) => {
  it('seeds the default tenant', async () => {
    const { db } = await open()
    const [tenant] = await db.selectFrom('tenants').selectAll().execute()
    expect(tenant).toMatchObject({ id: DEFAULT_TENANT_ID, slug: 'default', name: 'Default', default_role: 'viewer' })
  })
})
