import type { Identity } from 'sallyport'

/** Next.js evaluates a module in several bundles: what they share stands outside. Yours is in a database. */
const shared: typeof globalThis & { notes?: Map<string, readonly string[]> } = globalThis
shared.notes ??= new Map()
const { notes } = shared

/** Who may see them is decided here, where they are. */
export function notesOf({ userId }: Identity): readonly string[] {
  return notes.get(userId) ?? []
}

export function addNote({ userId }: Identity, text: string): void {
  notes.set(userId, [...(notes.get(userId) ?? []), text.slice(0, 200)])
}
