import type { Identity } from '../../src/contract/identity.js'
import { Connection, type Hub } from '../../src/features/websocket/websocket-connection.js'
import type { Wire } from '../../src/features/websocket/websocket-types.js'
import { newVigil } from '../../src/features/websocket/websocket-vigil.js'

export function identity(fields: Partial<Identity> = {}): Identity {
  return {
    userId: 'ada',
    tenantId: 'home',
    sessionId: 'one',
    email: 'ada@example.com',
    emailVerified: true,
    username: 'ada',
    roles: ['viewer'],
    permissions: [],
    isGuest: false,
    createdAt: 0,
    authMethods: ['password'],
    authTime: 0,
    expiresAt: 60_000,
    tokenFormat: 'opaque',
    ...fields,
  }
}

/** A connection without a socket, and what its client was told. */
export function fakeConnection(hub: Partial<Hub> = {}) {
  const heard: unknown[] = []
  const closes: number[] = []
  const wire: Wire = {
    send: (text) => heard.push(JSON.parse(text)),
    close: (code) => closes.push(code),
    terminate: () => closes.push(1006),
    ping: () => undefined,
    bufferedAmount: () => 0,
    bytesRead: () => 0,
  }
  const connection = new Connection({
    id: 'connection',
    client: { ipAddress: null, userAgent: null, requestId: 'request' },
    tenantHeader: null,
    wire,
    vigil: newVigil(20),
    hub: {
      maxFramesPerSecond: 1_000,
      maxBuffered: 10_000,
      now: () => 0,
      parse: (text) => JSON.parse(text),
      confirm: () => undefined,
      canTrust: () => true,
      authenticate: async () => undefined,
      settle: async () => undefined,
      left: () => undefined,
      gone: () => undefined,
      complain: (error) => {
        throw error
      },
      ...hub,
    },
  })
  return { connection, heard, closes }
}

/** Something is under way at the connection until what is returned is called. */
export function stall(connection: Connection): () => Promise<void> {
  let answer: () => void = () => undefined
  const stalled = new Promise<void>((resolve) => {
    answer = resolve
  })
  const work = connection.do(() => stalled)
  return () => {
    answer()
    return work
  }
}
