import { expect, it } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.js'
import { createMailService } from '../../src/features/mail/mail-service.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachDatabase } from '../databases/each-database.js'

const HOUR = 3_600_000
const scope = oneTenant(DEFAULT_TENANT_ID)

describeEachDatabase('the queue of mail', (open) => {
  it('seals', async () => {
    const clock = new ManualClock()
    const storage = await open({ clock })
    const mail = createMailService({
      storage,
      clock,
      masterKey: new MasterKey('a master key for tests, never for anything else'),
      settings: { target: { requests: 2, window: HOUR } },
    })
    await storage.transaction((tx) =>
      mail.enqueue(tx, {
        tenantId: DEFAULT_TENANT_ID,
        to: 'anna@example.com',
        locale: 'de',
        template: 'reset_password',
        url: 'http://localhost',
        code: 'spt_x',
        expiresAt: clock.now() + HOUR,
        client: { ipAddress: null, userAgent: null },
      }),
    )
    const rows = await storage.db.selectFrom('mail_queue').selectAll().execute()
    expect(rows.map((r) => [r.expires_at - r.created_at, r.attempts])).toEqual([[HOUR, 0]])
    const ask = () => storage.transaction((tx) => mail.mayAsk(scope, tx, 'anna@example.com'))
    expect([await ask(), await ask(), await ask()]).toEqual([true, true, false])
    clock.advance(HOUR)
    expect(await mail.cleanUp()).toBe(1)
    expect([await ask(), await ask(), await ask()]).toEqual([true, true, false])
  })
})
