import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.js'

/** What has come back so far. */
export interface Tally {
  /** Milliseconds. */
  readonly latencies: number[]
  readonly statuses: { [status: string]: number }
}

export type LoadConnection = Awaited<ReturnType<typeof openConnection>>

/** A connection that sends one request again and again, each after the answer to the last. */
export async function openConnection(url: string, request: Buffer | undefined, { latencies, statuses }: Tally) {
  const { hostname, port } = new URL(url)
  if (request === undefined) throw new Error('There is nothing to ask')
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  const reader = new AnswerReader()
  let askedAt = 0
  let settle = { resolve: (): void => undefined, reject: (_: Error): void => undefined }
  socket.on('data', (data) => {
    const status = reader.read(data)
    if (status === null) return
    latencies.push(performance.now() - askedAt)
    statuses[status] = (statuses[status] ?? 0) + 1
    settle.resolve()
  })
  socket.on('error', (error) => settle.reject(error))
  socket.on('close', () => settle.reject(new Error(`${url} closed a connection`)))
  await new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
    socket.on('connect', resolve)
  })
  return {
    ask: () =>
      new Promise<void>((resolve, reject) => {
        settle = { resolve, reject }
        if (socket.destroyed) reject(new Error(`${url} has closed a connection`))
        askedAt = performance.now()
        socket.write(request)
      }),
    close() {
      settle = { resolve: () => undefined, reject: () => undefined }
      socket.destroy()
    },
  }
}
