/** What must hold over every fault run. */
export type Rule =
  /** An acknowledged account, or one that was seen, signs in ever after. */
  | 'account_lost'
  /** A token that was answered works until its session is ended. */
  | 'token_lost'
  /** After an acknowledged ending, or once seen dead, a session is dead for ever. */
  | 'dead_came_alive'
  /** One account for an address. */
  | 'email_twice'
  /** Every answer names the one whose token or password it was. */
  | 'identities_mixed'
  /** A session has one current pair. */
  | 'family_forked'
  /** A refusal has its code from the catalogue; nothing fails as `internal`. */
  | 'improper_answer'
  /** What was acknowledged has been looked at after the fault; without this rule a run that saw nothing would pass. */
  | 'not_looked_at'
  /** What was acknowledged stands in the tables. */
  | 'row_missing'
  /** Each act is in the audit log once, wholly, or not at all. */
  | 'audit_wrong'

export interface Violation {
  readonly rule: Rule
  /** The request to look for in history and log, or the row. */
  readonly about: string
  readonly what: string
}
