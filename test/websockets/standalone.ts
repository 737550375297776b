import { expect, onTestFinished } from 'vitest'
import { createNodeServer } from '../../src/adapters/node.js'
import { serveWebSockets } from '../../src/adapters/node-upgrade.js'
import { composeAuth } from '../../src/auth.js'
import { type ConfigInput, parseConfig } from '../../src/config/config.js'
import { withWebSocketPath } from '../../src/http/handshake.js'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { ManualClock } from '../../src/runtime/clock.js'
import { close, listen } from '../http/raw-socket.js'
import { connect } from './socket-client.js'

const SECRET = 'a master key for tests, never for anything else'

/** The standalone server's own WebSocket, over SQLite in memory. */
export async function standalone(websocket: ConfigInput['websocket'] = {}) {
  const cheap = { memory: 64, iterations: 1, parallelism: 1 }
  const config = parseConfig(
    {
      secret: SECRET,
      storage: { url: 'sqlite::memory:' },
      limits: { enabled: false },
      auth: { password: { argon2id: cheap } },
      websocket,
    },
    { nodeEnv: 'test' },
  )
  const clock = new ManualClock()
  const log = new CapturedLogs()
  const composed = await composeAuth(config, { clock, logger: log })
  const server = createNodeServer(withWebSocketPath(composed.app, config), config, { logger: log })
  serveWebSockets(server, composed.auth, config, log)
  const port = await listen(server)
  onTestFinished(async () => {
    await composed.drainSockets()
    await close(server)
    await composed.auth.close()
  })
  const { accessToken } = await composed.auth.api.register({ email: 'ada@example.com', password: 'correct horse' })
  const origin = `127.0.0.1:${port}`
  /** An authenticated client. */
  const enter = async () => {
    const client = await connect(`ws://${origin}/ws`)
    await client.authenticate(accessToken)
    return client
  }
  /** The server lives, and serves others as before. */
  const lives = async () => {
    expect((await fetch(`http://${origin}/health/live`)).status).toBe(200)
    await (await enter()).heard()
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  }
  return { ...composed, clock, port, origin, url: `ws://${origin}/ws`, accessToken, enter, lives, log }
}
