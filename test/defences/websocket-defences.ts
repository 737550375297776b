import type { Defence } from './defences.js'

const AUTHENTICATION = 'test/websockets/authentication.test.ts'
const LIFETIME = 'test/websockets/lifetime.test.ts'
const ENDED = 'test/security/ended-sessions-of-sockets.test.ts'
const ROUNDS = 'features/websocket/websocket-rounds.ts'

function defence(name: string, file: string, from: string, to: string, test: string): Defence {
  return { name: `websocket: ${name}`, edits: [{ file, from, to }], tests: [test] }
}

export const WEBSOCKET_DEFENCES: readonly Defence[] = [
  defence(
    'Origin of the upgrade',
    'http/upgrade.ts',
    'if (isAmbient || hasHeader || hasCookie) checkOrigin(header, host, origins)',
    '',
    AUTHENTICATION,
  ),
  defence(
    'an upgrade by cookie without an Origin',
    'http/upgrade.ts',
    'if (hasCookie && !hasHeader &&',
    'if (hasCookie && hasHeader &&',
    AUTHENTICATION,
  ),
  defence(
    'Origin of whoever needs no proof in bypass',
    'http/upgrade.ts',
    'if (isAmbient || hasHeader',
    'if (hasHeader',
    'test/security/bypass-sockets.test.ts',
  ),
  defence(
    'user_id is a check',
    'features/websocket/websocket-authentication.ts',
    'if (!isClaimed && demo === null) {',
    'if (!isClaimed && demo !== null) {',
    AUTHENTICATION,
  ),
  defence(
    'the connection stays one user’s',
    'features/websocket/websocket-authentication.ts',
    'if (connected !== identity.userId) {',
    "if (connected === '') {",
    AUTHENTICATION,
  ),
  defence(
    'nothing from before the authentication is replayed',
    'features/websocket/websocket-connection.ts',
    'else if (this.#standing !== null) this.#wait(text)',
    'else this.#wait(text)',
    AUTHENTICATION,
  ),
  defence(
    'a planted guest does not come along',
    'features/websocket/websocket-changes.ts',
    'if (!isSamePlace) return connection.revoke(reason)',
    '',
    LIFETIME,
  ),
  defence(
    'frames are judged',
    'features/websocket/websocket-connection.ts',
    "if ((await judgement) !== 'honoured') await this.#hub.settle(this)",
    'await judgement.catch(() => null)',
    LIFETIME,
  ),
  defence(
    'a frame in doubt has its session looked up',
    ROUNDS,
    'return isDoubted ? look(standing) : standing',
    'return standing',
    ENDED,
  ),
  defence(
    'a look at one session says nothing of another',
    ROUNDS,
    'if (connection.isOver || connection.standing !== standing) return',
    'if (connection.isOver) return',
    'test/websockets/crossing-looks.test.ts',
  ),
  defence(
    'one address leaves room to others',
    'features/websocket/websocket-admission.ts',
    'strangers >= (maxUnauthenticated - this.#unauthenticated) / 3',
    'this.#unauthenticated >= maxUnauthenticated',
    'test/websockets/admission.test.ts',
  ),
]
