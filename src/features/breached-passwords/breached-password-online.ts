import { hash } from 'node:crypto'
import type { Config } from '../../config/config.js'
import { Deadline } from '../../runtime/deadline.js'
import type { BreachSource } from './breached-password-types.js'

type Settings = Pick<Config['auth']['password']['breachLookup'], 'url' | 'timeout'>

const PREFIX = 5
/** SHA-1 in hexadecimal without the prefix, and how often it was seen. */
const LINE = /^[0-9A-F]{35}:\d{1,15}$/i
/** A range of a thousand million hashes has about 40 kB. */
const MOST_BYTES = 1024 * 1024

/**
 * Asks a service of ranges, such as Have I Been Pwned's, for all hashes that begin as this one does (k-anonymity): it
 * learns five characters of a SHA-1, which hundreds of passwords have in common, and with padding not even from the
 * size of its answer more than that.
 * @param settings `timeout` in milliseconds, for the whole answer
 */
export function createOnlineLookup({ url, timeout }: Settings): BreachSource {
  const base = url.endsWith('/') ? url : `${url}/`
  // Not by the signal of `fetch` alone: once it has given an answer, nothing may hold what passes the abort on to the body.
  const patience = new Deadline(timeout)

  async function ask(prefix: string): Promise<string> {
    const stop = new AbortController()
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    const read = async () => {
      const answer = await fetch(`${base}${prefix}`, {
        headers: { 'add-padding': 'true', 'user-agent': 'sallyport', accept: 'text/plain' },
        redirect: 'error',
        credentials: 'omit',
        signal: stop.signal,
      })
      reader = answer.body?.getReader()
      if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`)
      return reader === undefined ? '' : textOf(reader)
    }
    try {
      return await patience.within(read())
    } finally {
      stop.abort()
      reader?.cancel().catch(() => undefined)
    }
  }

  return {
    async isKnown(password) {
      const digest = hash('sha1', password, 'hex').toUpperCase()
      return holds(await ask(digest.slice(0, PREFIX)), digest.slice(PREFIX))
    },
    close: () => Promise.resolve(),
  }
}

/** A line that is none makes all of it doubtful: the page of a captive portal is no "absent". */
function holds(text: string, suffix: string): boolean {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const ranges = lines.filter((line) => line !== '')
  if (ranges.length === 0 || !ranges.every((line) => LINE.test(line)))
    throw new Error('the answer is no list of hashes')
  // Padding is told by its count of 0.
  return ranges.some((line) => line.slice(0, 35).toUpperCase() === suffix && Number(line.slice(36)) > 0)
}

async function textOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length
    if (length > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`)
    chunks.push(part.value)
  }
  return Buffer.concat(chunks).toString('latin1')
}
