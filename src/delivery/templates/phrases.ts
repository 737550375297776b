import type { MailContent, MailTemplate } from '../mail-content.js'

/** What a letter says in one language, beside what every letter has. */
export interface LetterText {
  /** Holds nothing that a stranger could have chosen. */
  readonly subject: string
  readonly title: string
  readonly paragraphs: readonly string[]
  /** What is written on the button, where there is one. */
  readonly button?: string
  /** What to do where it was not the reader. */
  readonly closing: readonly string[]
}

/** A value for a text: `service` is the sender's name, other names have passed `plainName`. */
export interface LetterValues {
  readonly service: string
  readonly inviter: string | null
  readonly tenantName: string | null
}

type Contents<Template extends MailTemplate> = Extract<MailContent, { template: Template }>

export type Letters = {
  readonly [Template in MailTemplate]: (values: LetterValues, content: Contents<Template>) => LetterText
}

/** One language. */
export interface Phrases {
  readonly greeting: (name: string | null) => string
  /** Above the link in the text part. */
  readonly openLink: string
  /** Above the bare token. */
  readonly orPaste: string
  /** Where the letter holds a token: until when it is good. */
  readonly validUntil: (time: string) => string
  readonly facts: { readonly time: string; readonly device: string; readonly address: string; readonly unknown: string }
  /** `Firefox` and `Windows`. */
  readonly browserOnSystem: (browser: string, system: string) => string
  readonly footer: (service: string) => string
  readonly letters: Letters
}
