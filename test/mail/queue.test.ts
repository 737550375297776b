import { expect, it } from 'vitest'
import { ManualClock } from '../../src/runtime/clock.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachDatabase } from '../databases/each-database.js'
import { CODE, client, DAY, HOUR, MINUTE, openOffice } from './office.js'

const scope = oneTenant(DEFAULT_TENANT_ID)

describeEachDatabase('the queue of mail', (open) => {
  async function world() {
    const clock = new ManualClock()
    const storage = await open({ clock })
    const rows = () => storage.db.selectFrom('mail_queue').selectAll().execute()
    const failures = async () => {
      const events = await storage.db
        .selectFrom('audit_events')
        .select('data')
        .where('type', '=', 'mail.failed')
        .execute()
      return events.map(({ data }) => JSON.parse(data))
    }
    return { clock, storage, rows, failures, office: openOffice(storage, clock) }
  }

  it('sends what was committed, once, and keeps nothing of it', async () => {
    const { office, rows } = await world()
    await office.queue()
    await office.mail.drain()
    await office.mail.drain()
    expect(office.transport.taken.map(({ to, locale }) => [to, locale])).toEqual([['anna@example.com', 'en']])
    expect(office.transport.taken[0]?.text).toContain(`\n${CODE}\n`)
    expect(await rows()).toEqual([])
  })

  it('sends nothing of a transaction that was rolled back', async () => {
    const { office, storage } = await world()
    const message = { tenantId: DEFAULT_TENANT_ID, to: 'anna@example.com', locale: null } as const
    const work = storage.transaction(async (tx) => {
      await office.mail.enqueue(tx, { ...message, template: 'new_device', client, at: 0 })
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    await office.mail.drain()
    expect(office.transport.taken).toEqual([])
  })

  // ASVS 11.3.3
  it('holds neither the address nor the token in a form that the reader of the database could use', async () => {
    const { office, rows } = await world()
    await office.queue()
    const [row] = await rows()
    const bytes = Buffer.from(row?.sealed ?? [])
    for (const text of [CODE, 'anna', 'reset_password']) {
      expect(bytes.includes(text)).toBe(false)
      expect(JSON.stringify(row)).not.toContain(text)
    }
  })

  it('tries again after a failure, later each time, for as long as the token lives', async () => {
    const { office, clock, rows, failures } = await world()
    for (let failure = 0; failure < 40; failure++) office.transport.fails()
    await office.queue()
    const waits: number[] = []
    for (let attempt = 0; attempt < 40; attempt++) {
      await office.mail.drain()
      const [row] = await rows()
      if (row === undefined) break
      waits.push(row.due_at - clock.now())
      clock.advance(row.due_at - clock.now())
    }
    const doubled = waits.map((wait, at) => wait / Math.min(15 * MINUTE, 2_000 * 2 ** at))
    expect(
      doubled.every((share) => share >= 0.75 && share <= 1.25),
      String(waits),
    ).toBe(true)
    expect(waits.length).toBeGreaterThan(10)
    expect(waits.reduce((sum, wait) => sum + wait)).toBeLessThanOrEqual(HOUR)
    expect(office.transport.taken).toEqual([])
    expect(await failures()).toEqual([expect.objectContaining({ reason: 'expired', template: 'reset_password' })])
  })

  it('gives up after a day what carries nothing that ends', async () => {
    const { office, clock, rows, failures } = await world()
    office.transport.fails()
    await office.queue({ content: { template: 'new_device', client, at: clock.now() } })
    await office.mail.drain()
    clock.advance(DAY)
    await office.mail.drain()
    expect([office.transport.taken, await rows()]).toEqual([[], []])
    expect(await failures()).toEqual([expect.objectContaining({ reason: 'expired' })])
  })

  it('gives up at once what the server will never take, and says so', async () => {
    const { office, rows, failures } = await world()
    office.transport.fails(true, 550)
    await office.queue({ userId: '01920000-0000-7000-8000-000000000001' })
    await office.mail.drain()
    expect(await rows()).toEqual([])
    expect(await failures()).toEqual([expect.objectContaining({ reason: 'refused', reply_code: 550, attempts: 1 })])
    expect(office.logs.lines.map(({ message }) => message)).toContain('a message was given up')
    expect(JSON.stringify(office.logs.lines)).not.toContain('anna')
  })

  it('does the work of a decoy, and sends nothing', async () => {
    const { office, rows } = await world()
    await office.queue({ decoy: true })
    await office.queue()
    const [decoy, real] = await rows()
    // The flag is as long in the one as in the other but for a letter.
    expect(Math.abs((decoy?.sealed.length ?? 0) - (real?.sealed.length ?? 0))).toBeLessThanOrEqual(1)
    await office.mail.drain()
    expect([office.transport.taken.length, await rows()]).toEqual([1, []])
  })

  it('is shared by nodes that each send what the others do not', async () => {
    const { office, storage, clock } = await world()
    const other = openOffice(storage, clock)
    for (let message = 0; message < 40; message++) await office.queue()
    await Promise.all([office.mail.drain(), other.mail.drain()])
    const ids = [...office.transport.taken, ...other.transport.taken].map(({ id }) => id)
    expect([ids.length, new Set(ids).size]).toEqual([40, 40])
  })

  it('gives what a killed node had taken to another, and not before its claim ends', async () => {
    const { office, storage, clock, rows } = await world()
    const other = openOffice(storage, clock)
    office.transport.script.push(() => new Promise(() => undefined))
    await office.queue()
    await office.mail.poll()
    await other.mail.drain()
    expect([other.transport.taken.length, (await rows()).length]).toEqual([0, 1])
    clock.advance(MINUTE)
    await other.mail.drain()
    expect([other.transport.taken.length, await rows()]).toEqual([1, []])
  })

  it('ends a message that was sealed under another master key', async () => {
    const { office, storage, clock, rows, failures } = await world()
    await office.queue()
    const other = openOffice(storage, clock, { masterKey: 'quite another master key, for tests alone as well' })
    await other.mail.drain()
    expect([other.transport.taken, await rows()]).toEqual([[], []])
    expect(await failures()).toEqual([expect.objectContaining({ reason: 'unreadable' })])
  })

  // ASVS 2.4.1
  it('stops sending to one address that too many ask for, whoever asks, until the window is over', async () => {
    const { office, storage, clock } = await world()
    const ask = (email = 'anna@example.com') => storage.transaction((tx) => office.mail.mayAsk(scope, tx, email))
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()))
    expect(answers.filter((may) => may)).toHaveLength(3)
    expect(await ask('otto@example.com')).toBe(true)
    clock.advance(HOUR)
    expect(await office.mail.cleanUp()).toBe(2)
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([true, true, true, false])
  })

  it('takes no message to more than one address', async () => {
    const { office, rows } = await world()
    await expect(office.queue({ to: 'anna@example.com,victim@example.com' })).rejects.toThrow(TypeError)
    expect(await rows()).toEqual([])
  })
})
