import { expect, it } from 'vitest'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { DatabaseUnavailable, isUniqueViolation } from '../../src/storage/database-error.js'
import type { Storage } from '../../src/storage/storage.js'
import { describeEachDatabase } from '../databases/each-database.js'

const names = async ({ db }: Storage) =>
  (await db.selectFrom('settings').select('name').orderBy('name').execute()).map(({ name }) => name)

/** A promise and its resolver, to hold a transaction at a known point. */
function gate() {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}

// ASVS 2.3.3
describeEachDatabase('a transaction', (open, { dialect }) => {
  it('keeps what it did once it resolves, and gives back its result', async () => {
    const storage = await open()
    const result = await storage.transaction(async (tx) => {
      await tx.insertInto('settings').values({ name: 'a', value: '1' }).execute()
      return 'done'
    })
    expect(result).toBe('done')
    expect(await names(storage)).toEqual(['a'])
  })

  it('keeps nothing when its work throws, and throws the same error', async () => {
    const storage = await open()
    const refusal = new SallyportError('conflict')
    const attempt = storage.transaction(async (tx) => {
      await tx.insertInto('settings').values({ name: 'a', value: '1' }).execute()
      throw refusal
    })
    await expect(attempt).rejects.toBe(refusal)
    expect(await names(storage)).toEqual([])
    await storage.transaction((tx) => tx.insertInto('settings').values({ name: 'b', value: '1' }).execute())
    expect(await names(storage)).toEqual(['b'])
  })

  it('rolls back after a violated constraint and says which kind it was', async () => {
    const storage = await open()
    const attempt = storage.transaction(async (tx) => {
      await tx.insertInto('settings').values({ name: 'a', value: '1' }).execute()
      await tx.insertInto('settings').values({ name: 'a', value: '2' }).execute()
    })
    await expect(attempt).rejects.toSatisfy(isUniqueViolation)
    expect(await names(storage)).toEqual([])
  })

  it('does not show its work to others before it commits', async () => {
    const storage = await open()
    const other = await open()
    const written = gate()
    const looked = gate()
    const writing = storage.transaction(async (tx) => {
      await tx.insertInto('settings').values({ name: 'a', value: '1' }).execute()
      written.open()
      await looked.passed
    })
    await written.passed
    expect(await names(other)).toEqual([])
    looked.open()
    await writing
    expect(await names(other)).toEqual(['a'])
  })

  it('keeps statements of others out of itself', async () => {
    const storage = await open()
    const written = gate()
    const attempt = expect(
      storage.transaction(async (tx) => {
        await tx.insertInto('settings').values({ name: 'inside', value: '1' }).execute()
        written.open()
        await tx.selectFrom('settings').selectAll().execute()
        throw new Error('roll back')
      }),
    ).rejects.toThrow('roll back')
    await written.passed
    await storage.db.insertInto('settings').values({ name: 'outside', value: '1' }).execute()
    await attempt
    expect(await names(storage)).toEqual(['outside'])
  })

  it('counts right when many run at once', async () => {
    const storage = await open({ pool: { max: 4 } })
    await storage.db.insertInto('settings').values({ name: 'counter', value: '0' }).execute()
    const raise = () =>
      storage.transaction(async (tx) => {
        const lock = tx.selectFrom('settings').select('value').where('name', '=', 'counter')
        const { value } = await (dialect === 'postgres' ? lock.forUpdate() : lock).executeTakeFirstOrThrow()
        await tx
          .updateTable('settings')
          .set({ value: String(Number(value) + 1) })
          .where('name', '=', 'counter')
          .execute()
      })
    await Promise.all(Array.from({ length: 40 }, raise))
    const [row] = await storage.db.selectFrom('settings').select('value').execute()
    expect(row?.value).toBe('40')
  })

  it('admits waiting transactions in the order of asking', async () => {
    const storage = await open({ pool: { max: 1 } })
    const order: number[] = []
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        storage.transaction(async (tx) => {
          order.push(n)
          await tx.selectFrom('settings').selectAll().execute()
        }),
      ),
    )
    expect(order).toEqual([1, 2, 3, 4, 5])
  })

  it('is run again from its start when the database undid it', async () => {
    const storage = await open()
    let runs = 0
    await storage.transaction(async (tx) => {
      runs++
      await tx
        .insertInto('settings')
        .values({ name: `run ${runs}`, value: '' })
        .execute()
      if (runs < 3) throw new DatabaseUnavailable('undone', undefined, true)
    })
    expect(runs).toBe(3)
    expect(await names(storage)).toEqual(['run 3'])
  })

  it('is not run again for ever', async () => {
    const storage = await open()
    let runs = 0
    const attempt = storage.transaction(async () => {
      runs++
      throw new DatabaseUnavailable('undone', undefined, true)
    })
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' })
    expect(runs).toBe(6)
  })

  it('refuses a second transaction, the pool or a prepared statement inside itself', async () => {
    const storage = await open()
    const prepared = storage.prepare('all_settings', storage.db.selectFrom('settings').selectAll().compile())
    const misuses: (() => Promise<unknown>)[] = [
      () => storage.transaction(async () => undefined),
      () => storage.db.selectFrom('settings').selectAll().execute(),
      () => prepared([]),
    ]
    for (const misuse of misuses) {
      await expect(storage.transaction(misuse)).rejects.toThrow(/only the transaction it hands in/)
    }
    expect(await prepared([])).toEqual([])
  })

  it('lets what it started use the pool once it is over', async () => {
    const storage = await open()
    const over = gate()
    const { later } = await storage.transaction(async () => ({ later: over.passed.then(() => names(storage)) }))
    over.open()
    expect(await later).toEqual([])
  })

  it('waits for its turn only so long where misuse is not watched for', async () => {
    const storage = await open({
      production: true,
      allowUnsafeDurability: true,
      statementTimeout: 1000,
      pool: { max: 1 },
    })
    const attempt = storage.transaction(() => storage.db.selectFrom('settings').selectAll().execute())
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' })
    expect(await names(storage)).toEqual([])
  })

  it('refuses work after it was closed', async () => {
    const storage = await open()
    await storage.close()
    await storage.close()
    await expect(names(storage)).rejects.toThrow()
    await expect(storage.transaction(async () => undefined)).rejects.toThrow()
  })
})
