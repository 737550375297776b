/**
 * Remembers what was made of a text, so that many who hold the same hold it once. Whatever is given out is shared:
 * it must not be changed. Forgets everything when it has become too much.
 */
export class Memo<Made> {
  readonly #make: (text: string) => Made
  readonly #most: number
  readonly #made = new Map<string, Made>()

  constructor(make: (text: string) => Made, most: number) {
    this.#make = make
    this.#most = most
  }

  of(text: string): Made {
    const known = this.#made.get(text)
    if (known !== undefined) return known
    const made = this.#make(text)
    if (this.#made.size >= this.#most) this.#made.clear()
    this.#made.set(text, made)
    return made
  }
}
