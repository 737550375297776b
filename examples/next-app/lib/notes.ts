import type { Identity } from 'sallyport'

/** The application's data. Who may see it is decided here, where it is. */
const notes = new Map<string, readonly string[]>()

export function notesOf({ userId }: Identity): readonly string[] {
  return notes.get(userId) ?? []
}

export function addNote({ userId }: Identity, text: string): void {
  notes.set(userId, [...(notes.get(userId) ?? []), text.slice(0, 200)])
}
