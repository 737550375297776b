import { beforeEach, describe, expect, it } from 'vitest'
import { RevocationState } from './revocation-state.js'

const session = { id: 's', userId: 'u', tenantId: 't' }
const ended = { kind: 'session', tenantId: 't', subject: 's' } as const
const altered = { kind: 'claims', tenantId: 't', subject: 'u' } as const

let state: RevocationState
beforeEach(() => {
  state = new RevocationState()
})
const mayHaveMissed = (floor: number) => state.hasChangedSinceFloor(floor, session)

describe('what another node has read', () => {
  it('is not believed before this node has read the feed', () => {
    expect(mayHaveMissed(1_000_000)).toBe(true)
    state.knowFrom(50)
    expect(mayHaveMissed(50)).toBe(false)
  })

  it('is not believed from before this node began to know', () => {
    state.knowFrom(50)
    expect(mayHaveMissed(49)).toBe(true)
  })

  it.each([ended, altered, { kind: 'tenant', tenantId: 't', subject: 't' } as const])(
    'is believed only from above a change of kind $kind',
    (change) => {
      state.knowFrom(50)
      state.apply(change, 0, 60)
      expect(mayHaveMissed(60)).toBe(true)
      expect(mayHaveMissed(61)).toBe(false)
    },
  )

  it('is held to the highest change, in whatever order changes come', () => {
    state.knowFrom(50)
    state.apply(ended, 0, 80)
    state.apply(ended, 0, 60)
    expect(mayHaveMissed(70)).toBe(true)
  })

  it('is not believed after a change of our own, until the feed has told its place', () => {
    state.knowFrom(50)
    const before = state.position
    state.applyOwn(altered, 0)
    // The read of the feed began before the commit.
    state.settle(before)
    expect(mayHaveMissed(1_000_000)).toBe(true)
    state.apply(altered, 0, 90)
    state.settle(state.position)
    expect(mayHaveMissed(90)).toBe(true)
    expect(mayHaveMissed(91)).toBe(false)
  })

  it('is not believed from before a change that has been forgotten', () => {
    state.knowFrom(50)
    state.apply(ended, 1_000, 60)
    state.forget(2_000)
    expect(mayHaveMissed(60)).toBe(true)
    expect(mayHaveMissed(61)).toBe(false)
  })
})

describe('when an account changed', () => {
  it('is what the feed says', () => {
    expect(state.changedAt('u')).toBe(null)
    state.apply(altered, 1_000, 60)
    expect(state.changedAt('u')).toBe(1_000)
  })

  it('is later than anything issued, until the feed has told it, where the change is our own', () => {
    // This node's idea of the database's time may be behind a token that it has just issued.
    state.applyOwn(altered, 900)
    expect(state.changedAt('u')).toBe(Number.POSITIVE_INFINITY)
    state.apply(altered, 1_000, 60)
    state.settle(state.position)
    expect(state.changedAt('u')).toBe(1_000)
  })
})
