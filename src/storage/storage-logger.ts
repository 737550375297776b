/** What storage needs of a logger; facts never hold a secret. */
export interface StorageLogger {
  warn(facts: object, message: string): void
}
