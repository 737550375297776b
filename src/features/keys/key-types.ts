/** A key that derives session tokens; `id` stands in every token made with it. */
export interface SessionKey {
  readonly id: number
  readonly secret: Buffer
}
