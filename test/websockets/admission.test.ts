import { describe, expect, it } from 'vitest'
import { type Place, SocketAdmission } from '../../src/features/websocket/websocket-admission.js'

const admission = (limits: { maxUnauthenticated?: number; maxConnectionsPerAddress?: number } = {}) =>
  new SocketAdmission({ maxConnections: 1_000, maxConnectionsPerAddress: 1_000, maxUnauthenticated: 100, ...limits })

/** As many as one address is given. */
function greedy(places: SocketAdmission, address: string): Place[] {
  const taken: Place[] = []
  for (;;) {
    try {
      taken.push(places.take(address))
    } catch {
      return taken
    }
  }
}

describe('Connections that have not said who they are', () => {
  it('of one address leave the better part of the places to all others', () => {
    const places = admission()
    expect(greedy(places, '203.0.113.1')).toHaveLength(25)
    // A dozen addresses that play along do not shut out the next one.
    for (let host = 2; host < 14; host++) greedy(places, `203.0.113.${host}`)
    expect(greedy(places, '198.51.100.7').length).toBeGreaterThan(0)
  })

  it('of one IPv6 network are one address', () => {
    const places = admission()
    expect(greedy(places, '2001:db8::1')).toHaveLength(25)
    expect(greedy(places, '2001:db8::2')).toHaveLength(0)
    expect(greedy(places, '2001:db8:0:1::2')).toHaveLength(19)
  })

  it('give their place back when they authenticate or go', () => {
    const places = admission({ maxUnauthenticated: 2, maxConnectionsPerAddress: 3 })
    const [first] = greedy(places, '203.0.113.1')
    first?.settle()
    const [second] = greedy(places, '203.0.113.1')
    second?.free()
    second?.free()
    expect(greedy(places, '203.0.113.1')).toHaveLength(1)
    first?.free()
    expect(greedy(places, '203.0.113.2')).toHaveLength(1)
  })
})
