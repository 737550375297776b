export interface Tenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  /** Given to who registers. */
  readonly defaultRole: string
}
