import { afterEach, expect, it } from 'vitest'
import { createRevocationService } from '../../src/features/revocation/revocation-service.js'
import { systemClock } from '../../src/runtime/clock.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { DEFAULT_TENANT_ID } from '../../src/storage/default-tenant.js'
import { openStorage } from '../../src/storage/open-storage.js'
import type { Storage } from '../../src/storage/storage.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'

const opened: Storage[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
})

async function twoNodes() {
  const { url } = await emptyPostgresDatabase()
  const nodes = []
  for (let node = 0; node < 2; node++) {
    const storage = await openStorage({
      url,
      directUrl: null,
      pool: { max: 4 },
      statementTimeout: 10_000,
      allowUnsafeDurability: false,
      production: false,
    })
    opened.push(storage)
    // Never started, so that it hears no hints: what it learns it reads.
    const revocations = createRevocationService({
      storage,
      clock: systemClock,
      logger: silentLogger,
      settings: { horizon: 3_600_000, maxStaleness: 2_000 },
      onKeyChange: () => undefined,
    })
    await revocations.sync()
    nodes.push({ storage, revocations })
  }
  const [writer, reader] = nodes
  if (writer === undefined || reader === undefined) throw new Error('two nodes were made')
  return { writer, reader }
}

function ended(subject: string) {
  return [{ kind: 'session', tenantId: DEFAULT_TENANT_ID, subject }] as const
}

/** A transaction that has written that a session ended, and is not committed until it is told to. */
async function openEnding({ storage, revocations }: Awaited<ReturnType<typeof twoNodes>>['writer'], subject: string) {
  let commit = () => {}
  const mayCommit = new Promise<void>((resolve) => {
    commit = resolve
  })
  let hasWritten = () => {}
  const written = new Promise<void>((resolve) => {
    hasWritten = resolve
  })
  const committed = storage.transaction(async (tx) => {
    await revocations.write(tx, ended(subject))
    hasWritten()
    await mayCommit
  })
  await Promise.race([written, committed])
  return async () => {
    commit()
    await committed
  }
}

it('a change is read that was committed after others with higher numbers had been read', async () => {
  const { writer, reader } = await twoNodes()
  const commitEarlier = await openEnding(writer, 'earlier')
  await writer.storage.transaction((tx) => writer.revocations.write(tx, ended('later')))

  await reader.revocations.sync()
  expect(reader.revocations.isEnded('later')).toBe(true)
  expect(reader.revocations.isEnded('earlier')).toBe(false)
  // Once more, as a poll does: the mark must not have gone beyond the transaction that is open.
  await reader.revocations.sync()

  await commitEarlier()
  await reader.revocations.sync()
  expect(reader.revocations.isEnded('earlier')).toBe(true)
})

it('so are those of many open transactions, committed in the reverse order with reads between', async () => {
  const { writer, reader } = await twoNodes()
  const commits: (readonly [string, () => Promise<void>])[] = []
  for (const subject of ['first', 'second', 'third']) commits.push([subject, await openEnding(writer, subject)])
  for (const [subject, commit] of commits.reverse()) {
    await commit()
    await reader.revocations.sync()
    expect(reader.revocations.isEnded(subject)).toBe(true)
  }
})

it('a read that finds what it knows already changes nothing, so that memory stays warm', async () => {
  const { writer, reader } = await twoNodes()
  const commit = await openEnding(writer, 'open')
  await writer.storage.transaction((tx) => writer.revocations.write(tx, ended('other')))
  await reader.revocations.sync()
  const position = reader.revocations.position()
  await reader.revocations.sync()
  await reader.revocations.sync()
  expect(reader.revocations.position()).toBe(position)
  await commit()
})

it('a node that starts while a transaction is open learns of it too', async () => {
  const { writer, reader } = await twoNodes()
  const commit = await openEnding(writer, 'before')
  const late = createRevocationService({
    storage: reader.storage,
    clock: systemClock,
    logger: silentLogger,
    settings: { horizon: 3_600_000, maxStaleness: 2_000 },
    onKeyChange: () => undefined,
  })
  await late.sync()
  await writer.storage.transaction((tx) => writer.revocations.write(tx, ended('after')))
  await late.sync()
  await commit()
  await late.sync()
  expect(late.isEnded('before')).toBe(true)
})
