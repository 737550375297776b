/** The command line is wrong. Its message never repeats a value, since that may be a password in the wrong place. */
export class UsageError extends Error {
  /** How the command is called; empty where the message says it all. */
  readonly usage: string

  constructor(message: string, usage = '') {
    super(message)
    this.name = 'UsageError'
    this.usage = usage
  }
}
