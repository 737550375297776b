import { afterAll, expect, it } from 'vitest'
import {
  createOneTimeTokenService,
  type OneTimeTokenService,
} from '../../src/features/one-time-tokens/one-time-token-service.js'
import type { Purpose } from '../../src/features/one-time-tokens/one-time-token-types.js'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { describeEachAuth, type Stage } from './each-auth.js'
import { type BareNode, openNode } from './nodes.js'
import { newcomer, newEmail } from './people.js'

/** Of each kind. `npm run test:races` asks for 500. */
const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? 6)
const CALLERS = 32
/** Only against a hang: how long a run takes is up to the machine. */
const HANG = 60_000 + ROUNDS * 2_000

/** Every purpose that there is: whether it concerns an account, or an address without one. */
const OF_ACCOUNT: Readonly<Record<Purpose, boolean>> = {
  password_reset: true,
  email_verification: true,
  magic_link: true,
  email_change: true,
  email_undo: true,
  guest_upgrade: true,
  invitation: false,
}

interface Node {
  readonly node: BareNode
  readonly room: OneTimeTokenService
}

function nodesOf(stage: Stage) {
  let opened: Promise<readonly [Node, Node]> | undefined
  afterAll(async () => {
    for (const { node } of (await opened) ?? []) await node.close()
  })
  const open = async (): Promise<Node> => {
    const node = await openNode({ url: stage.url() })
    return { node, room: createOneTimeTokenService(node) }
  }
  return () => {
    opened ??= (async () => [await open(), await open()] as const)()
    return opened
  }
}

function purposeNamed(name: string): Purpose {
  const isPurpose = (text: string): text is Purpose => Object.hasOwn(OF_ACCOUNT, text)
  if (!isPurpose(name)) throw new Error('There is no such purpose.')
  return name
}

/** All at once, the nodes in turn; how many of them were given the token. */
async function winners(nodes: readonly Node[], purpose: Purpose, tokens: readonly string[]): Promise<number> {
  const spent = await Promise.all(
    Array.from({ length: CALLERS }, (_, caller) => {
      const { node, room } = inTurn(nodes, caller)
      return node.storage.transaction((tx) => room.spend(tx, purpose, inTurn(tokens, caller >> 1)))
    }),
  )
  return spent.filter((token) => token !== null).length
}

function inTurn<Item>(items: readonly Item[], turn: number): Item {
  const item = items[turn % items.length]
  if (item === undefined) throw new Error('There is nothing to choose from.')
  return item
}

// ASVS 2.3.3, 2.3.4
describeEachAuth('One-time tokens that many spend at once', (stage) => {
  const nodes = nodesOf(stage)

  it.each(Object.entries(OF_ACCOUNT))(
    '%s: of 32 callers on two nodes one has it, round after round',
    async (name, isOfAccount) => {
      const purpose = purposeNamed(name)
      const both = await nodes()
      const [{ node, room }] = both
      const { email, user_id, user } = await newcomer(node)
      const scope = oneTenant(user.tenant_id)
      const holder = isOfAccount ? { userId: user_id, email } : { userId: null, email: newEmail() }
      const counts: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const request = { purpose, ...holder, lifetime: 900_000, credentialVersion: 1 }
        const { token } = await node.storage.transaction((tx) => room.issue(tx, scope, request))
        counts.push(await winners(both, purpose, [token]))
      }
      expect(counts).toEqual(Array.from({ length: ROUNDS }, () => 1))
    },
    HANG,
  )

  it(
    'also where an account was sent several: with the first that is spent all are',
    async () => {
      const both = await nodes()
      const [{ node, room }] = both
      const { email, user_id: userId, user } = await newcomer(node)
      const counts: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const tokens: string[] = []
        for (let sent = 0; sent < 4; sent++) {
          const request = { purpose: 'magic_link', userId, email, lifetime: 900_000 } as const
          const issued = await node.storage.transaction((tx) => room.issue(tx, oneTenant(user.tenant_id), request))
          tokens.push(issued.token)
        }
        counts.push(await winners(both, 'magic_link', tokens))
      }
      expect(counts).toEqual(Array.from({ length: ROUNDS }, () => 1))
    },
    HANG,
  )

  it(
    'and where the credentials change at the same moment, nobody is given what stood for the old ones afterwards',
    async () => {
      const both = await nodes()
      const [{ node, room }, other] = both
      for (let round = 0; round < ROUNDS; round++) {
        const { email, user_id: userId, user } = await newcomer(node)
        const request = { purpose: 'password_reset', userId, email, lifetime: 900_000, credentialVersion: 1 } as const
        const { token } = await node.storage.transaction((tx) => room.issue(tx, oneTenant(user.tenant_id), request))
        const [versions] = await Promise.all([
          Promise.all(Array.from({ length: 8 }, (_, caller) => versionWhenSpent(inTurn(both, caller), token, userId))),
          other.node.api.users.disable(userId),
        ])
        expect(versions.filter((version) => version !== null).length).toBeLessThanOrEqual(1)
        expect(versions.every((version) => version === null || version === 1)).toBe(true)
      }
    },
    HANG,
  )
})

/** The version that the account has in the transaction that was given the token; null where none was. */
async function versionWhenSpent(
  { node: { storage }, room }: Node,
  token: string,
  userId: string,
): Promise<number | null> {
  return storage.transaction(async (tx) => {
    if ((await room.spend(tx, 'password_reset', token)) === null) return null
    const row = await tx.selectFrom('users').select('credential_version').where('id', '=', userId).executeTakeFirst()
    return row?.credential_version ?? null
  })
}
