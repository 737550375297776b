import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

const file = (name: string) => new URL(name, import.meta.url)
const pem = (name: string) => readFileSync(file(name), 'utf8')

/** What the certificate of the test's server is checked against: itself. For 127.0.0.1 and localhost, of no worth elsewhere. */
export const CERTIFICATE = file('server-certificate.pem').pathname

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly user: string | undefined
  readonly isSecure: boolean
}

export interface Postmaster {
  readonly port: number
  readonly received: Received[]
}

/** A mail server of the running test that takes whatever its options do not refuse. */
export async function openSmtpServer(options: SMTPServerOptions = {}): Promise<Postmaster> {
  const received: Received[] = []
  const server = new SMTPServer({
    key: pem('server-key.pem'),
    cert: pem('server-certificate.pem'),
    authOptional: true,
    closeTimeout: 100,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
          user: session.user,
          isSecure: session.secure,
        })
        callback(null, 'taken as 7')
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: portOf(server.server), received }
}

export interface Peer {
  readonly port: number
  /** What it was sent. */
  heard(): string
  connections(): number
  /** Resolves once every connection is closed again. */
  closed(): Promise<void>
}

/** A server that says what it is told to, or nothing. @param serve called with each connection */
export async function openPeer(serve: (socket: Socket) => void): Promise<Peer> {
  let heard = ''
  let connections = 0
  const waiting: (() => void)[] = []
  const server = createServer((socket) => {
    connections++
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      connections--
      if (connections === 0) for (const resolve of waiting.splice(0)) resolve()
    })
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return {
    port: portOf(server),
    heard: () => heard,
    connections: () => connections,
    closed: () => (connections === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}

/** Answers each command by its first word; DATA's content ends with a line of one dot. */
export function dialogue(replies: Readonly<Record<string, string>>): (socket: Socket) => void {
  return (socket) => {
    let rest = ''
    let isData = false
    const say = (text: string | undefined) => text !== undefined && socket.write(`${text}\r\n`)
    say(replies['greeting'])
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (isData && line !== '.') {
          if (replies['content'] === 'drop') socket.destroy()
          continue
        }
        const word = isData ? '.' : (line.split(/[ :]/)[0] ?? '').toUpperCase()
        isData = word === 'DATA' && (replies['DATA'] ?? '').startsWith('354')
        say(replies[word])
      }
    })
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return address.port
}
