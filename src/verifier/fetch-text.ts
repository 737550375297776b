/** Far more than the keys of any server take, in bytes. */
const LARGEST = 256 * 1024

/**
 * Fetches a document from where it has to be: no redirect is followed, no cookie kept, nothing of it cached.
 * @param options.timeout of the whole answer, milliseconds
 * @throws Error that says what was wrong with the answer
 */
export async function fetchText(
  url: string,
  options: {
    readonly timeout: number
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  },
): Promise<string> {
  const { timeout, fetch = globalThis.fetch } = options
  const signal = AbortSignal.timeout(timeout)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeout} ms`)), { once: true })
  })
  return Promise.race([read(), late])

  async function read(): Promise<string> {
    const headers = { accept: 'application/jwk-set+json, application/json', 'cache-control': 'no-cache' }
    const answer = await fetch(url, { headers, redirect: 'error', signal })
    if (answer.status !== 200) {
      await answer.body?.cancel()
      throw new Error(`the answer has status ${answer.status}`)
    }
    const parts: Uint8Array[] = []
    let size = 0
    const reader = answer.body?.getReader()
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {}
      if (done || value === undefined) break
      size += value.byteLength
      if (size > LARGEST) {
        await reader?.cancel()
        throw new Error(`the answer is larger than ${LARGEST} bytes`)
      }
      parts.push(value)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  }
}
