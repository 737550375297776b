const HEAD_END = '\r\n\r\n'
const CHUNKS_END = '0\r\n\r\n'

/**
 * Tells where an HTTP answer ends. Answers to one request are nearly always of one length: then they are counted and
 * not read, which leaves the machine to the server that is measured.
 */
export class AnswerReader {
  #held: Buffer[] = []
  #bytes = 0
  #usual = 0

  /** @returns the status once the answer is whole, and else null */
  read(data: Buffer): string | null {
    this.#held.push(data)
    this.#bytes += data.length
    const isWhole = this.#bytes === this.#usual || isWholeAnswer(Buffer.concat(this.#held).toString('latin1'))
    if (!isWhole) return null
    const status = this.#held[0]?.toString('latin1', 9, 12) ?? ''
    this.#usual = this.#bytes
    this.#held = []
    this.#bytes = 0
    return status
  }
}

function isWholeAnswer(text: string): boolean {
  const headEnd = text.indexOf(HEAD_END)
  if (headEnd === -1) return false
  const head = text.slice(0, headEnd)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return text.endsWith(CHUNKS_END)
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  return text.length >= headEnd + HEAD_END.length + length
}
