import { hash } from 'node:crypto'
import type { Config } from '../../config/config.js'
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
  return {
    async isKnown(password) {
      const digest = hash('sha1', password, 'hex').toUpperCase()
      const answer = await fetch(`${base}${digest.slice(0, PREFIX)}`, {
        headers: { 'add-padding': 'true', 'user-agent': 'sallyport', accept: 'text/plain' },
        redirect: 'error',
        credentials: 'omit',
        signal: AbortSignal.timeout(timeout),
      })
      if (answer.status !== 200) {
        await answer.body?.cancel()
        throw new Error(`the answer has status ${answer.status}`)
      }
      return holds(await textOf(answer.body), digest.slice(PREFIX))
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

async function textOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    // Leaving the loop cancels what is still to come.
    if (length > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}
