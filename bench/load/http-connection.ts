import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Received {
  readonly status: number
  readonly body: string
  /** `performance.now()` when the last byte had come. */
  readonly at: number
}

const HEAD_END = '\r\n\r\n'

/**
 * A keep-alive connection that sends at once and matches answers in their order: little enough of a client to be sure
 * that it is the server that is measured. Knows bodies with a Content-Length alone.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #host: string
  readonly #waiting: ((received: Received | Error) => void)[] = []
  #held = ''

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#read(text))
    const lose = () => {
      for (const settle of this.#waiting.splice(0)) settle(new Error('The connection was lost'))
    }
    socket.on('error', lose)
    socket.on('close', lose)
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    await once(socket, 'connect')
    return new HttpConnection(socket, host)
  }

  send(method: string, path: string, token: string | null, json?: object): Promise<Received> {
    const body = json === undefined ? '' : JSON.stringify(json)
    const fields = [
      `${method} ${path} HTTP/1.1`,
      `host: ${this.#host}`,
      ...(token === null ? [] : [`authorization: Bearer ${token}`]),
      ...(json === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
    ]
    return new Promise((resolve, reject) => {
      this.#waiting.push((received) => (received instanceof Error ? reject(received) : resolve(received)))
      this.#socket.write(fields.join('\r\n') + HEAD_END + body)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    const at = performance.now()
    this.#held += text
    for (;;) {
      const headEnd = this.#held.indexOf(HEAD_END)
      if (headEnd === -1) return
      const head = this.#held.slice(0, headEnd)
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      const end = headEnd + HEAD_END.length + length
      if (this.#held.length < end) return
      const body = this.#held.slice(headEnd + HEAD_END.length, end)
      this.#held = this.#held.slice(end)
      this.#waiting.shift()?.({ status: Number(head.slice(9, 12)), body, at })
    }
  }
}
