import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type Verdict = 'pass' | 'cut' | 'deaf' | 'mute'

/** A proxy between a client and a database, which a test cuts at a known point of the conversation. */
export interface TcpProxy {
  readonly port: number
  /** Connections made through it so far. */
  readonly connections: number
  /**
   * Called with what a client sends, before it goes on. `cut` drops it and the connection; `deaf` lets it
   * through and drops the connection in place of the answer; `mute` swallows it, and the connection stays.
   */
  watch(decide: (data: Buffer) => Verdict): void
  /** Lets nothing through in either direction and tells nobody, as a half-open link does; what is said meanwhile is lost. */
  silence(isSilent: boolean): void
  /** Where new connections lead from now on. */
  pointTo(target: { host: string; port: number }): void
  /** Ends every connection, as a failing network does. */
  cutAll(): void
  close(): Promise<void>
}

export async function startTcpProxy(first: { host: string; port: number }): Promise<TcpProxy> {
  let target = first
  let decide: (data: Buffer) => Verdict = () => 'pass'
  let connections = 0
  let silent = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    connections++
    const upstream = connect(target)
    let deaf = false
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.on('data', (data) => {
      if (silent) return
      const verdict = decide(data)
      if (verdict === 'cut') return end()
      if (verdict === 'mute') return
      deaf ||= verdict === 'deaf'
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (deaf) return end()
      if (silent) return
      client.write(data)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    get connections() {
      return connections
    },
    watch(next) {
      decide = next
    },
    silence(isSilent) {
      silent = isSilent
    },
    pointTo(next) {
      target = next
    },
    cutAll,
    async close() {
      server.close()
      cutAll()
      await once(server, 'close')
    },
  }
}
