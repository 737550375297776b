import type { IncomingMessage } from 'node:http'
import { SallyportError } from '../contract/sallyport-error.js'

/**
 * What is left to read of a request; where a parser of the application has read it already, what that made of it.
 * @throws SallyportError `internal` where somebody has read it and kept nothing
 */
export function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> | null {
  const { headers } = incoming
  const isSent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  if (!isSent) return null
  if (!incoming.readableDidRead) return streamOf(incoming)
  return oneChunk(bytesOf('body' in incoming ? incoming.body : undefined))
}

/** Chunk by chunk as they are asked for. Who stops reading leaves the rest to flow away: the connection stays usable. */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<unknown> = incoming.iterator({ destroyOnReturn: false })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next()
        if (next.done) controller.close()
        else if (next.value instanceof Uint8Array) controller.enqueue(next.value)
        else throw new TypeError('A body is read as bytes: leave `setEncoding` alone')
      },
      async cancel() {
        await chunks.return?.()
        incoming.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

function oneChunk(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

/** A parser leaves bytes, text, or what it made of JSON. */
function bytesOf(parsed: unknown): Uint8Array {
  if (parsed instanceof Uint8Array) return parsed
  if (typeof parsed === 'string') return Buffer.from(parsed)
  if (typeof parsed === 'object' && parsed !== null) return Buffer.from(JSON.stringify(parsed))
  throw new SallyportError('internal', {
    detail: 'The body was read ahead of Sallyport, and not kept. Mount Sallyport ahead of what reads bodies.',
  })
}
