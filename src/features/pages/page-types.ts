/** The pages that mail leads to, by their paths. */
export const PAGE_NAMES = [
  'verify-email',
  'email-change',
  'email-undo',
  'reset-password',
  'forgot-password',
  'magic-link',
  'invitation',
] as const

export type PageName = (typeof PAGE_NAMES)[number]

/** What somebody types, by the name that the endpoint gives it. */
export type FieldName = 'email' | 'username' | 'new_password' | 'password'

/** What one page sends, and where. */
export interface PageForm {
  /** The endpoint, seen from the page: it stands under whatever prefix the page was asked under. */
  readonly action: string
  /** The name of the token in the body; null for a page that needs none. */
  readonly token: string | null
  readonly fields: readonly FieldName[]
  /** What is sent besides. */
  readonly fixed?: Readonly<Record<string, string>>
}

/** What may come of the request: `done`, codes of refusals, and what is no answer at all. */
export const OUTCOMES = [
  'invalid_token',
  'token_expired',
  'weak_password',
  'breached_password',
  'invalid_request',
  'rate_limited',
  'email_taken',
  'not_found',
  'unreachable',
  'failed',
] as const

export type Outcome = (typeof OUTCOMES)[number]

/** Everything that the pages say in one language. */
export interface PageTexts {
  readonly pages: Readonly<
    Record<PageName, { readonly title: string; readonly lead: string; readonly button: string; readonly done: string }>
  >
  readonly labels: Readonly<Record<FieldName | 'code', string>>
  readonly showPassword: string
  readonly noScript: string
  readonly goOn: string
  readonly outcomes: Readonly<Record<Outcome, string>>
}
