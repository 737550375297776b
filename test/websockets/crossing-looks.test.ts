import { describe, expect, it } from 'vitest'
import type { Identity } from '../../src/contract/identity.js'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import type { Standing } from '../../src/features/tokens/token-service.js'
import { createRounds } from '../../src/features/websocket/websocket-rounds.js'
import { fakeConnection, identity, stall } from './fake-connection.js'

const standing = (fields: Partial<Identity>, viaCookie = false): Standing => {
  const holder = identity(fields)
  return { identity: holder, viaCookie, endsAt: holder.expiresAt }
}

/** A connection whose session is being looked at in the database, since its end is near. */
function looking() {
  let now = 0
  let answer: { resolve(found: Standing): void; reject(error: unknown): void } | undefined
  const look = () => {
    return new Promise<Standing>((resolve, reject) => {
      answer = { resolve, reject }
    })
  }
  const rounds = createRounds({
    settings: {
      authTimeout: 5_000,
      maxConnectionsPerUser: 10,
      maxConnectionsPerAddress: 10,
      maxConnections: 10,
      maxUnauthenticated: 10,
      maxFramesPerSecond: 10,
      maxBuffered: 10,
      pingInterval: 30_000,
      expiryWarning: 60_000,
      onRoleChange: 'push',
    },
    tokens: { now: () => now, reasonOfEnd: async () => 'logout' },
    look,
    complain: (error) => {
      throw error
    },
  })
  const { connection, heard, closes } = fakeConnection()
  connection.adopt(standing({}))
  rounds.schedule(connection, standing({}))
  now = 55_000
  const reviewed: unknown[] = []
  const round = () => rounds.run([connection], async (one) => void reviewed.push(one))
  const first = round()
  return { connection, heard, closes, reviewed, rounds, round, first, answer: () => answer }
}

describe('While the session of a connection is looked at, it shows another token', () => {
  const fresh = standing({ sessionId: 'two', expiresAt: 900_000 })

  it('and stays with that one, whatever the look at the first one finds', async () => {
    const finds = [
      (stage: ReturnType<typeof looking>) => stage.answer()?.resolve(standing({ expiresAt: 70_000 })),
      (stage: ReturnType<typeof looking>) => stage.answer()?.reject(new SallyportError('token_expired')),
      (stage: ReturnType<typeof looking>) => stage.answer()?.reject(new SallyportError('session_revoked')),
    ]
    for (const find of finds) {
      const stage = looking()
      stage.connection.adopt(fresh)
      find(stage)
      await stage.first
      expect(stage.connection.standing).toBe(fresh)
      expect(stage.closes).toEqual([])
      expect(stage.heard).toEqual([])
    }
  })

  it('of the same session, which has been ended: that ends the connection', async () => {
    const stage = looking()
    stage.connection.adopt(standing({ expiresAt: 900_000 }))
    stage.answer()?.reject(new SallyportError('session_revoked'))
    await stage.first
    expect(stage.closes).toEqual([4403])
  })
})

it('New roles that are found when the end of a session is looked at are told, and not taken over in silence', async () => {
  const stage = looking()
  stage.answer()?.resolve(standing({ expiresAt: 200_000, roles: ['editor'] }))
  await stage.first
  expect(stage.connection.identity).toMatchObject({ expiresAt: 200_000, roles: ['viewer'] })
  await stage.round()
  expect(stage.reviewed).toEqual([stage.connection])
})

it('Who has said in time who it is waits for the answer, however long that takes', async () => {
  const { rounds } = looking()
  const { connection, closes } = fakeConnection()
  const answer = stall(connection)
  const review = async () => undefined
  for (let round = 0; round < 40; round++) await rounds.run([connection], review)
  expect(closes).toEqual([])
  await answer()
  await rounds.run([connection], review)
  expect(closes).toEqual([4408])
})
