import { safeFields, safeText } from './log-safety.js'
import type { LogFields, Logger } from './logger.js'

export interface CapturedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps its lines, made safe as the real one does, so that a test can read them. */
export class CapturedLogs implements Logger {
  readonly lines: CapturedLine[]
  readonly #fields: LogFields

  constructor(lines: CapturedLine[] = [], fields: LogFields = {}) {
    this.lines = lines
    this.#fields = fields
  }

  debug(fields: LogFields, message: string): void {
    this.#keep('debug', fields, message)
  }

  info(fields: LogFields, message: string): void {
    this.#keep('info', fields, message)
  }

  warn(fields: LogFields, message: string): void {
    this.#keep('warn', fields, message)
  }

  error(fields: LogFields, message: string): void {
    this.#keep('error', fields, message)
  }

  child(fields: LogFields): CapturedLogs {
    return new CapturedLogs(this.lines, { ...this.#fields, ...fields })
  }

  #keep(level: CapturedLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, message: safeText(message), fields: safeFields({ ...this.#fields, ...fields }) })
  }
}
