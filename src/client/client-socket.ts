import type { SocketHolder } from '../contract/socket-frames.js'
import { isRecord, parseJson } from './json.js'
import { guarded, markOf, type SessionBook } from './session-book.js'
import type { SessionKeeper } from './session-keeper.js'
import { isFinalClose, pauseBefore } from './socket-pauses.js'
import type {
  ApplicationFrame,
  ClientSocket,
  SocketConstructor,
  SocketEvent,
  SocketLike,
  SocketOptions,
} from './socket-types.js'
import type { StoredSession } from './storage-types.js'
import type { Surroundings } from './surroundings.js'

/** Milliseconds that a connection lasts before it counts as one that holds. */
const SETTLED = 5_000
const UNAUTHENTICATED = 4401
const REVOKED = 4403
/** What a browser says of a connection that broke (RFC 6455 §7.1.5). */
const BROKEN = 1006
/** What is announced by a frame as well as by the close code, and what answers a ping. */
const SILENT: readonly string[] = ['pong', 'auth_error', 'session_revoked']

/**
 * A connection of whoever is signed in now: it ends with the session, and never becomes another user's. What is sent while it
 * is down is not kept.
 */
export function connectSocket(
  url: string,
  WebSocket: SocketConstructor,
  keeper: SessionKeeper,
  book: SessionBook,
  surroundings: Surroundings,
  isCookie: boolean,
  { pingInterval = 30_000, finalCodes = [] }: SocketOptions,
): ClientSocket {
  const listeners = new Set<(event: SocketEvent) => void>()
  let state: ClientSocket['state'] = 'connecting'
  let socket: SocketLike | null = null
  let shown: StoredSession | null = null
  let userId: string | undefined
  let openedAt: number | null = null
  /** Connections since the last one that held. */
  let attempts = 0
  let cancel: (() => void) | null = null

  function emit(event: SocketEvent): void {
    for (const listener of [...listeners]) guarded(() => listener(event))
  }

  function after(milliseconds: number, run: () => void, isAwaited = false): void {
    cancel?.()
    cancel = surroundings.later(milliseconds, run, isAwaited)
  }

  function wait(milliseconds: number): void {
    state = 'waiting'
    // An open connection has a program go on, and so has one that comes again.
    after(milliseconds, dial, true)
  }

  /** Asks for a sign of life after a while of silence, and hangs up where none comes. */
  function watch(): void {
    after(pingInterval, () => {
      if (state === 'open') tell({ type: 'ping' })
      after(pingInterval, () => gone({ code: BROKEN, reason: 'silence' }))
    })
  }

  function tell(frame: object): void {
    socket?.send(JSON.stringify(frame))
  }

  function dial(): void {
    // An address that is none is refused at once, and stays so.
    call().catch((error) => end(BROKEN, String(error)))
  }

  async function call(): Promise<void> {
    state = 'connecting'
    const session = await keeper.credential()
    if (state !== 'connecting' || socket) return
    if (!session) {
      if (book.state().status === 'signed-out') end(UNAUTHENTICATED, 'Nobody is signed in.')
      else wait(pauseBefore(BROKEN, ++attempts, surroundings.random()))
      return
    }
    const opened = new WebSocket(url)
    socket = opened
    shown = session
    userId ??= session.user?.id
    opened.addEventListener('open', () => {
      if (socket === opened) present('authenticate')
    })
    opened.addEventListener('message', ({ data }) => {
      if (socket === opened) hear(String(data))
    })
    opened.addEventListener('close', (event) => {
      if (socket === opened) gone(event)
    })
    // `close` follows.
    opened.addEventListener('error', () => undefined)
    watch()
  }

  /** Shows the newest token there is; a cookie came with the upgrade. */
  function present(type: string): void {
    shown = book.held() ?? shown
    if (!isCookie) tell({ type, session_token: shown?.accessToken })
  }

  function hear(text: string): void {
    watch()
    const frame = parseJson(text)
    if (!isFrame(frame)) return
    const { type } = frame
    if (isHolder(frame)) {
      const { type: _type, ...holder } = frame
      userId ??= holder.user_id
      // By cookies that another tab has changed, unheard.
      if (userId !== holder.user_id) end(UNAUTHENTICATED, 'Somebody else is signed in.')
      else if (type === 'user_updated') emit({ type: 'user-updated', holder })
      else if (state !== 'open') {
        state = 'open'
        openedAt = surroundings.now()
        emit({ type: 'open', holder })
      }
    } else if (type === 'session_expiring') void keeper.refresh().catch(() => undefined)
    else if (type === 'error') emit({ type: 'refused', code: String(frame['code']) })
    else if (!SILENT.includes(type)) emit({ type: 'message', frame })
  }

  function hangUp(): void {
    const old = socket
    socket = null
    cancel?.()
    old?.close()
  }

  function gone({ code, reason }: { readonly code: number; readonly reason: string }): void {
    hangUp()
    const lasted = openedAt === null ? -1 : surroundings.now() - openedAt
    openedAt = null
    if (lasted >= SETTLED) attempts = 0
    const pause = pauseBefore(code, ++attempts, surroundings.random())
    const isFinal = isFinalClose(code) || finalCodes.includes(code)
    if (isFinal) end(code, reason)
    else {
      state = 'waiting'
      emit({ type: 'close', code, reason, final: false })
    }
    const again = (milliseconds: number) => {
      if (state === 'waiting') wait(milliseconds)
    }
    if (code !== UNAUTHENTICATED && code !== REVOKED) again(pause)
    // The credential was refused: it is asked about, and where the session has ended so has this.
    else if (shown) {
      keeper.replacement(shown).then(
        (next) => again(next && lasted >= 0 ? 0 : pause),
        () => again(pause),
      )
    }
  }

  function end(code: number, reason: string): void {
    if (state === 'closed') return
    state = 'closed'
    hangUp()
    for (const stop of stops) stop()
    emit({ type: 'close', code, reason, final: true })
  }

  const stops = [
    book.follow(() => {
      const now = book.state()
      const held = book.held()
      const isOther = now.status === 'signed-in' && userId && now.user.id !== userId
      if (book.isClosed()) end(1000, '')
      else if (isOther || now.status === 'signed-out') end(UNAUTHENTICATED, 'Nobody is signed in.')
      else if (state === 'open' && held && shown && markOf(held) !== markOf(shown)) present('reauthenticate')
    }),
    surroundings.listen((event) => {
      if (state === 'waiting' && event !== 'storage') wait(surroundings.random() * 500)
    }),
  ]
  dial()

  return {
    get state() {
      return state
    },
    send(frame) {
      if (state !== 'open') return false
      tell(frame)
      return true
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => end(1000, ''),
  }
}

function isFrame(value: unknown): value is ApplicationFrame {
  return isRecord(value) && typeof value['type'] === 'string'
}

function isHolder(frame: ApplicationFrame): frame is ApplicationFrame & SocketHolder {
  return frame.type === 'auth_success' || frame.type === 'user_updated'
}
