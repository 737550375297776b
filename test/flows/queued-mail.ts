import { expect } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.js'
import { type QueuedMail, queuedMail } from '../../src/features/mail/mail-types.js'
import type { BareNode } from './nodes.js'

/** As `openNode` has it. */
const masterKey = new MasterKey('a master key for tests, never for anything else')

/** What is queued for an address, decoys too, oldest first. */
export async function mailTo(node: BareNode, email: string): Promise<readonly QueuedMail[]> {
  const rows = await node.storage.db.selectFrom('mail_queue').selectAll().orderBy('id').execute()
  const sealer = masterKey.sealerFor('mail')
  return rows
    .map((row) => queuedMail.parse(JSON.parse(sealer.open(row.id, Buffer.from(row.sealed)).toString('utf8'))))
    .filter(({ to }) => to === email)
}

/** The token of the last message to an address that is sent. */
export async function tokenTo(node: BareNode, email: string): Promise<string> {
  const content = (await mailTo(node, email)).findLast(({ decoy }) => !decoy)?.content
  if (content === undefined || !('code' in content)) throw new Error('no token was sent to the address')
  expect(content.code).toMatch(/^spt_[A-Za-z0-9_-]{43}$/)
  return content.code
}
