/** The command line is wrong. Its message never repeats a value, since that may be a password in the wrong place. */
export class UsageError extends Error {
  readonly usage: string

  constructor(message: string, usage: string) {
    super(message)
    this.name = 'UsageError'
    this.usage = usage
  }
}
