/** A request as strict RFC 9112 framing finds it in the bytes of a connection. */
export interface Framed {
  readonly method: string
  readonly target: string
  /** Null where it is cut off or its chunks are none: the head alone has been understood. */
  readonly body: string | null
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP\/1\.([01])$/
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/
/** A chunk's extension: anything that is no control character. */
const CHUNK = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

/**
 * The requests of a connection up to the first thing about its framing that two readers could understand differently.
 * Written apart from any server, so that the two can be compared: a server may stop sooner, and never go on later.
 */
export function requestsIn(text: string): readonly Framed[] {
  const found: Framed[] = []
  let rest = text
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    // RFC 9112 §2.2: an empty line before a request line is passed over.
    if (rest.startsWith('\r\n')) {
      rest = rest.slice(2)
      continue
    }
    if (headEnd === -1) return found
    const [line = '', ...fields] = rest.slice(0, headEnd).split('\r\n')
    const after = rest.slice(headEnd + 4)
    const [, method, target, minor] = REQUEST_LINE.exec(line) ?? []
    const body = bodyIn(after, fields, minor === '0')
    if (method === undefined || target === undefined || body === null) return found
    found.push({ method, target, body: body.content })
    if (body.content === null) return found
    rest = after.slice(body.length)
  }
}

interface Body {
  readonly content: string | null
  readonly length: number
}

const BROKEN: Body = { content: null, length: 0 }

/** @param isOld HTTP/1.0, which has no chunks (RFC 9112 §6.1) */
function bodyIn(text: string, fields: readonly string[], isOld: boolean): Body | null {
  const parsed = fields.map((field) => FIELD.exec(field))
  const values = (name: string) =>
    parsed.filter((field) => field?.[1]?.toLowerCase() === name).map((field) => field?.[2]?.trim() ?? '')
  if (parsed.includes(null)) return null
  const [lengths, codings] = [values('content-length'), values('transfer-encoding')]
  if (codings.length > 0)
    return !isOld && lengths.length === 0 && codings.join().toLowerCase() === 'chunked' ? chunksIn(text) : null
  if (lengths.length === 0) return { content: '', length: 0 }
  const length = Number(lengths[0])
  if (new Set(lengths).size !== 1 || !/^\d+$/.test(lengths[0] ?? '')) return null
  return length <= text.length ? { content: text.slice(0, length), length } : BROKEN
}

function chunksIn(text: string): Body {
  let [at, content] = [0, '']
  for (;;) {
    const end = text.indexOf('\r\n', at)
    const size = end === -1 ? null : CHUNK.exec(text.slice(at, end))
    if (!size) return BROKEN
    const length = Number.parseInt(size[1] ?? '', 16)
    at = end + 2
    if (length === 0) break
    content += text.slice(at, at + length)
    if (text.slice(at + length, at + length + 2) !== '\r\n') return BROKEN
    at += length + 2
  }
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return BROKEN
    if (end === at) return { content, length: end + 2 }
    if (!FIELD.test(text.slice(at, end))) return BROKEN
    at = end + 2
  }
}
