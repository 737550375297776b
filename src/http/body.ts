import { SallyportError } from '../contract/sallyport-error.js'
import type { HeaderGetter } from './credentials.js'
import { parseStrictJson } from './strict-json.js'

const MOST_BODY_BYTES = 64 * 1024

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i

/** What is needed of a request. */
export interface BodySource {
  readonly header: HeaderGetter
  readonly body: () => ReadableStream<Uint8Array> | null
}

/**
 * The JSON of a body; `undefined` where there is none.
 * @throws `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export async function readJsonBody(source: BodySource): Promise<unknown> {
  const bytes = await readBytes(source)
  return bytes.length === 0 ? undefined : parseStrictJson(decode(bytes))
}

/** Takes a body that nobody reads off the connection, and refuses one that a form of another site could send. */
export async function discardBody(source: BodySource): Promise<void> {
  await readBytes(source)
}

async function readBytes({ header, body }: BodySource): Promise<Buffer> {
  checkDeclaredLength(header('content-length') ?? null)
  const stream = body()
  if (stream === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (part.value.length === 0) continue
      if (length === 0) checkMediaType(header)
      length += part.value.length
      if (length > MOST_BODY_BYTES) throw tooLarge()
      chunks.push(part.value)
    }
  } catch (error) {
    // Not awaited: a stream that failed may never finish cancelling.
    reader.cancel().catch(() => undefined)
    if (error instanceof SallyportError) throw error
    throw new SallyportError('invalid_request', { detail: 'The body broke off.', cause: error })
  }
  return Buffer.concat(chunks, length)
}

function checkDeclaredLength(declared: string | null): void {
  if (declared === null) return
  if (!/^\d{1,15}$/.test(declared)) {
    throw new SallyportError('invalid_request', { detail: 'The header `Content-Length` is not a number.' })
  }
  if (Number(declared) > MOST_BODY_BYTES) throw tooLarge()
}

function checkMediaType(header: HeaderGetter): void {
  const encoding = header('content-encoding') ?? null
  const isPlain = encoding === null || encoding.trim().toLowerCase() === 'identity'
  if (!isPlain || !JSON_TYPE.test(header('content-type') ?? '')) throw new SallyportError('unsupported_media_type')
}

// Replacing what is not UTF-8 would let two different passwords or names become one.
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SallyportError('invalid_request', { detail: 'The body is not valid UTF-8.' })
  }
}

function tooLarge(): SallyportError {
  return new SallyportError('payload_too_large', { detail: `A body has at most ${MOST_BODY_BYTES / 1024} KiB.` })
}
