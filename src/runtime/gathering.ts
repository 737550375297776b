interface Waiting<Key, Answer> {
  readonly key: Key
  resolve(answer: Answer | Promise<Answer>): void
  reject(error: unknown): void
}

/** An answer for each key, in their order; one may still be waited for, or fail, by itself. */
type Ask<Key, Answer> = (keys: readonly Key[]) => Promise<readonly (Answer | Promise<Answer>)[]>

/** Gathers what is asked for in one turn of the event loop, and asks for all of it at once. */
export class Gathering<Key, Answer> {
  readonly #ask: Ask<Key, Answer>
  readonly #most: number
  #waiting: Waiting<Key, Answer>[] = []
  #isDue = false

  /**
   * @param ask where it throws, all whose keys it was given are told
   * @param most keys at once; more are asked for beside them
   */
  constructor(ask: Ask<Key, Answer>, most: number) {
    this.#ask = ask
    this.#most = most
  }

  of(key: Key): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (this.#waiting.length === this.#most) void this.#send()
      else this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      if (this.#waiting.length > 0) void this.#send()
    })
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      const answers = await this.#ask(waiting.map(({ key }) => key))
      if (answers.length !== waiting.length) throw new Error(`${waiting.length} keys had ${answers.length} answers`)
      for (const [at, answer] of answers.entries()) waiting[at]?.resolve(answer)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
