import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'

const frameShape = z.looseObject({ type: z.string() })
export type Frame = z.output<typeof frameShape>

export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A client as applications write them, which remembers what it was told. */
export class SocketClient {
  readonly frames: Frame[] = []
  readonly socket: WebSocket
  readonly closed: Promise<Closed>
  upgradeHeaders: Readonly<Record<string, unknown>> = {}
  #news: () => void = () => undefined
  #end: Closed | null = null

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(url, { headers })
    this.socket.on('message', (data) => {
      this.frames.push(frameShape.parse(JSON.parse(String(data))))
      this.#news()
    })
    this.socket.on('upgrade', ({ headers }) => {
      this.upgradeHeaders = headers
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#end = { code, reason: String(reason) }
        resolve(this.#end)
        this.#news()
      })
    })
  }

  /** Resolves when it is open. Rejects with the status of who refused it. */
  opened(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this))
      this.socket.once('unexpected-response', (_request, response) => {
        let text = ''
        response.on('data', (part) => {
          text += String(part)
        })
        response.on('end', () => reject(new Error(`${response.statusCode} ${text}`)))
      })
    })
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  authenticate(token: string, fields: object = {}): Promise<Frame> {
    this.send({ type: 'authenticate', session_token: token, ...fields })
    return this.next('auth_success')
  }

  /** The next frame of that type that was not taken yet. */
  async next(type: string): Promise<Frame> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type)
      const [found] = at === -1 ? [] : this.frames.splice(at, 1)
      if (found !== undefined) return found
      if (this.#end !== null) throw new Error(`closed with ${this.#end.code} ${this.#end.reason}, without ${type}`)
      await new Promise<void>((resolve) => {
        this.#news = resolve
      })
    }
  }

  /** Everything that was said until a ping is answered: nothing before it is still on its way. */
  async heard(): Promise<readonly Frame[]> {
    this.send({ type: 'ping' })
    await this.next('pong')
    return this.frames
  }
}

/** A client of the running test, open. */
export async function connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SocketClient> {
  const client = new SocketClient(url, headers)
  onTestFinished(() => client.socket.terminate())
  return client.opened()
}

/** Who refused the upgrade, and how. */
export async function refusalOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return connect(url, headers).then(
    () => 'open',
    (error: unknown) => String(error),
  )
}
