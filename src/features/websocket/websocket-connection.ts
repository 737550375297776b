import type { ClientContext, Identity } from '../../contract/identity.js'
import { SallyportError } from '../../contract/sallyport-error.js'
import { type ServerFrame, SOCKET_CLOSE } from '../../contract/socket-frames.js'
import type { Standing } from '../tokens/token-service.js'
import { FrameFlow } from './websocket-flow.js'
import { holderOf, jsonOf, readFrame, textOf } from './websocket-frames.js'
import type { ApplicationFrame, SocketConnection, Transport, Wire } from './websocket-types.js'
import type { Vigil } from './websocket-vigil.js'

/** What a connection asks of those who know more than it does. */
export interface Hub {
  readonly maxFramesPerSecond: number
  readonly maxBuffered: number
  /** Milliseconds. */
  now(): number
  /** @throws SallyportError for what is not strict JSON */
  parse(text: string): unknown
  /** Judges one act. As `ConnectionTokens.confirm`. */
  confirm(standing: Standing): Promise<void> | undefined
  canTrust(standing: Standing): boolean
  /** Answers an authentication frame; resolves when it has been. */
  authenticate(connection: Connection, asked: { readonly token: string; readonly userId: string | null }): Promise<void>
  /** Tells the connection whether it is over, where it seems so. */
  settle(connection: Connection): Promise<void>
  /** The connection is over: nothing is read or sent any more. */
  left(connection: Connection): void
  /** Its socket is gone too. */
  gone(connection: Connection): void
  /** Server code went wrong. */
  complain(error: unknown): void
}

function doubtful(error: unknown): 'doubted' {
  const isOver = error instanceof SallyportError && (error.code === 'session_revoked' || error.code === 'token_expired')
  if (isOver) return 'doubted'
  throw error
}

/** RFC 6455 §5.5: a control frame has 125 bytes, two of them for the code. */
const MOST_REASON_BYTES = 123

/** Codes that server code may close with (RFC 6455 §7.4.2). */
function isClosing(code: number): boolean {
  return code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999)
}

type Listener<Arguments extends readonly unknown[]> = (...given: Arguments) => unknown

/**
 * The life of one connection. Until it has authenticated nothing is read but authentication frames, and what came
 * before is forgotten. Whatever takes time (a look at the database) is done one by one, and frames wait for it.
 */
export class Connection implements SocketConnection, Transport {
  readonly id: string
  readonly client: ClientContext
  readonly tenantHeader: string | null
  readonly #wire: Wire
  readonly #hub: Hub
  readonly #flow: FrameFlow
  readonly vigil: Vigil
  #standing: Standing | null = null
  #isOver = false
  /** What is under way, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #underWay = 0
  /** Texts that came while something was under way, and how long they are together. */
  #waiting: string[] | null = null
  #waitingLength = 0
  #onMessage: Listener<[ApplicationFrame]>[] | null = null
  #onIdentity: Listener<[Identity, Identity]>[] | null = null
  #onClose: Listener<[number]>[] | null = null

  constructor(parts: {
    readonly id: string
    readonly client: ClientContext
    readonly tenantHeader: string | null
    readonly wire: Wire
    readonly vigil: Vigil
    readonly hub: Hub
  }) {
    this.id = parts.id
    this.client = parts.client
    this.tenantHeader = parts.tenantHeader
    this.#wire = parts.wire
    this.#hub = parts.hub
    this.vigil = parts.vigil
    this.#flow = new FrameFlow(parts.hub.maxFramesPerSecond, parts.hub.now())
  }

  get identity(): Identity {
    if (this.#standing === null) throw new Error('the connection has not authenticated')
    return this.#standing.identity
  }

  /** Null until it has authenticated. */
  get standing(): Standing | null {
    return this.#standing
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#standing !== null
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** It has said who it is, and that is being looked at. */
  get isAuthenticating(): boolean {
    return this.#standing === null && this.#underWay > 0
  }

  get wire(): Wire {
    return this.#wire
  }

  /** Lets the holder in, or gives him another standing. Listeners hear of what is new. */
  adopt(standing: Standing): void {
    const before = this.#standing
    this.#standing = standing
    if (before !== null) this.#tell(this.#onIdentity, standing.identity, before.identity)
  }

  /** The same holder, who may go on for longer. */
  extend(standing: Standing): void {
    this.#standing = standing
  }

  say(frame: ServerFrame): boolean {
    return this.#write(textOf(frame))
  }

  sayHolder(type: 'auth_success' | 'user_updated'): void {
    if (this.#standing !== null) this.say({ type, ...holderOf(this.#standing) })
  }

  /** Refuses the credentials, and closes. */
  reject(error: SallyportError): void {
    this.say({ type: 'auth_error', code: error.code, message: error.detail })
    this.end(error.status >= 500 ? SOCKET_CLOSE.tryAgain : SOCKET_CLOSE.unauthenticated, error.code)
  }

  /** The session is over. */
  revoke(reason: string): void {
    this.say({ type: 'session_revoked', reason })
    this.end(SOCKET_CLOSE.revoked, 'session revoked')
  }

  /** Closes: from now on nothing is read or sent. */
  end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting = null
    this.#hub.left(this)
    this.#wire.close(code, reason)
  }

  /** Cuts the connection off without a farewell: nobody reads it. */
  cut(): void {
    if (!this.#isOver) this.#hub.left(this)
    this.#isOver = true
    this.#waiting = null
    this.#wire.terminate()
  }

  /** Does something that takes time; frames wait for it, and it for what is under way already. */
  do(work: () => Promise<void>): Promise<void> {
    this.#underWay++
    const run = async () => {
      try {
        if (!this.#isOver) await work()
      } catch (error) {
        this.#fail(error)
      } finally {
        this.#underWay--
      }
      this.#readWaiting()
    }
    this.#work = this.#work.then(run)
    return this.#work
  }

  send(message: unknown): boolean {
    const standing = this.#standing
    if (this.#isOver || standing === null || !this.#hub.canTrust(standing)) return false
    return this.#write(jsonOf(message))
  }

  /** What another node, or this one, has made text of already. */
  sendText(text: string): boolean {
    const standing = this.#standing
    if (this.#isOver || standing === null || !this.#hub.canTrust(standing)) return false
    return this.#write(text)
  }

  close(code = 1000, reason = ''): void {
    // The transport would throw where the connection counts as closed already.
    if (!isClosing(code) || Buffer.byteLength(reason) > MOST_REASON_BYTES) {
      throw new RangeError('The code of a close is 1000, or 3000 to 4999, and its reason has at most 123 bytes.')
    }
    this.end(code, reason)
  }

  onMessage(listener: Listener<[ApplicationFrame]>): void {
    this.#onMessage = [...(this.#onMessage ?? []), listener]
  }

  onIdentity(listener: Listener<[Identity, Identity]>): void {
    this.#onIdentity = [...(this.#onIdentity ?? []), listener]
  }

  onClose(listener: Listener<[number]>): void {
    this.#onClose = [...(this.#onClose ?? []), listener]
  }

  receiveText(text: string): void {
    if (!this.#admits()) return
    if (this.#underWay === 0) this.#read(text)
    // What comes before the authentication is settled was sent before it.
    else if (this.#standing !== null) this.#wait(text)
  }

  /** One may be as long as it likes; more are memory that a stalled database would let everybody fill. */
  #wait(text: string): void {
    this.#waitingLength += text.length
    if (this.#waiting === null) this.#waiting = [text]
    else if (this.#waitingLength <= this.#hub.maxBuffered) this.#waiting.push(text)
    else this.end(SOCKET_CLOSE.tooManyFrames, 'too many frames wait')
  }

  receiveBinary(): void {
    if (this.#admits()) this.end(SOCKET_CLOSE.badFrame, 'frames are text')
  }

  receiveControl(): void {
    this.#admits()
  }

  closed(code: number): void {
    if (!this.#isOver) this.#hub.left(this)
    this.#isOver = true
    this.#waiting = null
    this.#hub.gone(this)
    const listeners = this.#onClose
    this.#onClose = null
    this.#tell(listeners, code)
  }

  #admits(): boolean {
    if (this.#isOver) return false
    if (this.#flow.take(this.#hub.now())) return true
    this.end(SOCKET_CLOSE.tooManyFrames, 'too many frames')
    return false
  }

  #readWaiting(): void {
    while (this.#underWay === 0 && this.#waiting !== null) {
      const text = this.#waiting.shift()
      if (this.#waiting.length === 0) this.#waiting = null
      if (text === undefined) continue
      this.#waitingLength -= text.length
      this.#read(text)
    }
  }

  #read(text: string): void {
    const frame = this.#parsed(text)
    if (frame === null) this.end(SOCKET_CLOSE.badFrame, 'not a frame of this protocol')
    else if (frame.kind === 'authenticate') {
      void this.do(() => this.#hub.authenticate(this, frame))
    } else if (this.#standing !== null) {
      if (frame.kind === 'ping') this.say({ type: 'pong' })
      else this.#readMessage(frame.frame, this.#standing)
    }
  }

  #parsed(text: string): ReturnType<typeof readFrame> {
    try {
      return readFrame(this.#hub.parse(text))
    } catch (error) {
      if (error instanceof SallyportError) return null
      throw error
    }
  }

  #readMessage(frame: ApplicationFrame, standing: Standing): void {
    const judgement = this.#onMessage === null ? undefined : this.#judge(standing)
    if (this.#onMessage === null) this.end(SOCKET_CLOSE.badFrame, 'unknown type')
    else if (judgement === undefined) this.#tell(this.#onMessage, frame)
    else this.#readLater(frame, judgement)
  }

  #readLater(frame: ApplicationFrame, judgement: Promise<'honoured' | 'doubted'>): void {
    void this.do(async () => {
      // What memory holds may be older than a refresh or a use elsewhere: who is in doubt is looked at.
      if ((await judgement) !== 'honoured') await this.#hub.settle(this)
      if (!this.#isOver) this.#tell(this.#onMessage, frame)
    })
    // It is awaited a moment later: until then nobody has heard of its failure.
    judgement.catch(() => undefined)
  }

  #judge(standing: Standing): Promise<'honoured' | 'doubted'> | undefined {
    try {
      const judgement = this.#hub.confirm(standing)
      return judgement?.then(() => 'honoured' as const, doubtful)
    } catch (error) {
      return new Promise((resolve) => resolve(doubtful(error)))
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    if (!(error instanceof SallyportError)) {
      this.#hub.complain(error)
      this.end(SOCKET_CLOSE.tryAgain, 'internal')
    } else if (this.#standing === null) this.reject(error)
    else this.say({ type: 'error', code: error.code, message: error.detail })
  }

  #write(text: string): boolean {
    if (this.#isOver) return false
    if (this.#wire.bufferedAmount() > this.#hub.maxBuffered) {
      this.cut()
      return false
    }
    this.#wire.send(text)
    return true
  }

  /** What server code does goes wrong without harm to others. */
  #tell<Arguments extends readonly unknown[]>(
    listeners: readonly Listener<Arguments>[] | null,
    ...given: Arguments
  ): void {
    for (const listener of listeners ?? []) {
      try {
        const result = listener(...given)
        if (result instanceof Promise) result.catch((error: unknown) => this.#hub.complain(error))
      } catch (error) {
        this.#hub.complain(error)
      }
    }
  }
}
