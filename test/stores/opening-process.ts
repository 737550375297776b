// Run by tests as a process of its own: opens a database when told to, writes `count` rows, and closes it.
import { once } from 'node:events'
import { openStorage } from '../../src/storage/open-storage.js'

const [url = '', name = '', count = '0'] = process.argv.slice(2)
console.log('ready')
await once(process.stdin, 'data')
const storage = await openStorage({
  url,
  directUrl: null,
  pool: { max: 3 },
  statementTimeout: 10_000,
  allowUnsafeDurability: false,
  production: false,
})
console.log('opened')
for (let n = 0; n < Number(count); n++) {
  if (n % 2 === 0)
    await storage.db
      .insertInto('settings')
      .values({ name: `${name} ${n}`, value: '' })
      .execute()
  else {
    await storage.transaction(async (tx) => {
      await tx.selectFrom('settings').selectAll().limit(1).execute()
      await tx
        .insertInto('settings')
        .values({ name: `${name} ${n}`, value: '' })
        .execute()
    })
  }
}
await storage.close()
console.log('closed')
process.stdin.destroy()
