import { z } from 'zod'
import { byteSize, choice, duration, flag, integer } from './fields.js'

export const websocketSchema = z.strictObject({
  enabled: flag(true, { about: 'False answers `GET /ws` with 404 on the standalone server.' }),
  authTimeout: duration({ min: '100ms', max: '5m' }, '5s', {
    about: 'How long a connection may stay without having authenticated.',
  }),
  maxConnectionsPerUser: integer({ min: 1, max: 10_000 }, 10, {
    about: 'Connections of one user at a time, over all nodes.',
  }),
  maxConnectionsPerAddress: integer({ min: 1, max: 1_000_000 }, 1_000, {
    about:
      'Connections from one client address (IPv6: one /64), over all nodes those that have authenticated: a class room has one address.',
  }),
  maxConnections: integer({ min: 1, max: 1_000_000 }, 20_000, { about: 'Connections to one node.' }),
  maxUnauthenticated: integer({ min: 1, max: 1_000_000 }, 1_000, {
    about: 'Connections to one node that have not authenticated yet.',
  }),
  maxFrame: byteSize({ min: 256, max: 16_777_216 }, '16KiB', { about: 'The largest frame that is read.' }),
  maxFramesPerSecond: integer({ min: 1, max: 1_000_000 }, 100, {
    about: 'Frames that one connection may send a second; twice as many at once, after a rest.',
  }),
  maxBuffered: byteSize({ min: 1024, max: 1_073_741_824 }, '1MiB', {
    about: 'What may wait to be sent to one connection; a client that reads slower than that is cut off.',
  }),
  pingInterval: duration({ min: '1s', max: '10m' }, '30s', {
    about: 'A connection that sends nothing for so long is asked for a sign of life, and cut off at the next time.',
  }),
  expiryWarning: duration({ min: '100ms', max: '1h' }, '60s', {
    about: 'How long before the end `session_expiring` is sent; a fifth of the remaining life, if that is shorter.',
  }),
  onRoleChange: choice(['push', 'close'] as const, 'push', {
    about: 'When the roles of a user change: send their connections the new identity, or close them.',
  }),
})
