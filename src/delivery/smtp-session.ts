import type { EventEmitter } from 'node:events'

type Done<Result> = (error?: Error | null, result?: Result) => void

/**
 * The steps of one connection, one after the other: each ends with its answer, with the loss of the connection, or with
 * the signal, whichever comes first.
 */
export class SmtpSession {
  readonly #broken: Promise<never>

  constructor(connection: EventEmitter, signal: AbortSignal) {
    this.#broken = new Promise((_resolve, reject) => {
      connection.on('error', reject)
      connection.once('end', () => reject(new Error('the server closed the connection')))
      const abort = () => reject(signal.reason)
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
    // It may break when no step is waiting.
    this.#broken.catch(() => undefined)
  }

  /** @throws what the connection gives as the cause */
  step<Result = boolean>(work: (done: Done<Result>) => void): Promise<Result | undefined> {
    const answered = new Promise<Result | undefined>((resolve, reject) => {
      work((error, result) => (error ? reject(error) : resolve(result)))
    })
    return Promise.race([answered, this.#broken])
  }
}
