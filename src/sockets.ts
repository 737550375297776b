import type { Config } from './config/config.js'
import type { BypassService } from './features/bypass/bypass-service.js'
import type { RevocationService } from './features/revocation/revocation-service.js'
import type { TokenService } from './features/tokens/token-service.js'
import {
  createWebSocketService,
  SOCKET_KEEP_PERIOD,
  SOCKET_ROUND_PERIOD,
  type WebSocketService,
} from './features/websocket/websocket-service.js'
import type { Entrance } from './features/websocket/websocket-types.js'
import type { DoorCall, HttpDependencies } from './http/http-app-types.js'
import { parseStrictJson } from './http/strict-json.js'
import { createUpgradeDoor, type UpgradeOutcome } from './http/upgrade.js'
import { type Job, repeat } from './jobs/repeat.js'
import type { Clock } from './runtime/clock.js'
import type { Logger } from './runtime/logger.js'
import type { Storage } from './storage/storage.js'

/** The WebSocket connections that `sallyport/ws` or the server has authenticated. */
export interface Sockets extends Pick<WebSocketService, 'count' | 'send'> {
  /** The largest frame that is read, bytes. */
  readonly maxFrame: number
  /**
   * What `sallyport/ws` asks before an upgrade, for a transport of your own: who it is, or the answer that refuses it.
   * Every entrance is to be accepted or cancelled.
   */
  admit(call: DoorCall): Promise<UpgradeOutcome<Entrance>>
}

export interface ComposedSockets {
  readonly sockets: Sockets
  readonly service: WebSocketService
  readonly jobs: readonly Job[]
}

export function composeSockets(parts: {
  readonly config: Config
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly tokens: TokenService
  readonly revocations: RevocationService
  readonly bypass: BypassService | null
  readonly nodeId: string
  /** Refuses a request for how it came. */
  readonly admit: HttpDependencies['admit']
}): ComposedSockets {
  const { config, clock, tokens, bypass, logger, admit } = parts
  const { maxFrame, ...settings } = config.websocket
  const demo: Parameters<typeof createWebSocketService>[0]['demo'] =
    bypass &&
    (async (userId, client) => {
      const { accessToken } = await bypass.demo(userId, client)
      return tokens.authenticate(accessToken, null, { client })
    })
  const service = createWebSocketService({ ...parts, settings, parse: parseStrictJson, demo })
  return {
    service,
    sockets: {
      maxFrame,
      count: service.count,
      send: service.send,
      admit: createUpgradeDoor(
        { config, clock, logger, isAmbient: bypass !== null, ...(admit && { admit }) },
        service.admit,
      ),
    },
    // Where time is held still, whoever moves it asks for rounds.
    jobs: clock.controlled
      ? []
      : [
          // Nobody's time to authenticate waits for what the database is asked about others.
          repeat('websocket_round', SOCKET_ROUND_PERIOD, async () => void service.round(), logger),
          repeat('websocket_places', SOCKET_KEEP_PERIOD, () => service.keep(), logger),
        ],
  }
}
