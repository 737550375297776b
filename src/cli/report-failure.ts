import type { Writable } from 'node:stream'
import { ConfigError, formatProblem } from '../config/config-error.js'
import { ERROR_CODES } from '../contract/error-codes.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { safeText } from '../runtime/log-safety.js'
import { StartError } from '../server/start-error.js'
import { UsageError } from './usage-error.js'

interface Outputs {
  readonly json: boolean
  readonly stdout: Writable
  readonly stderr: Writable
}

/**
 * Says why a command failed: in plain lines on stderr, and with `json` as one document on stdout.
 * Never a stack, never a secret. @returns the exit code
 */
export function reportFailure(error: unknown, { json, stdout, stderr }: Outputs): number {
  const { code, lines, extra, exit } = explain(error)
  const usage = error instanceof UsageError && error.usage !== '' ? `\n${error.usage}\n` : ''
  stderr.write(`sallyport: ${lines.map(safeText).join('\n  ')}\n${usage}`)
  if (json) stdout.write(`${JSON.stringify({ error: { code, message: lines.map(safeText).join(' '), ...extra } })}\n`)
  return exit
}

interface Explanation {
  readonly code: string
  readonly lines: readonly string[]
  readonly exit: 1 | 2
  readonly extra?: Readonly<Record<string, unknown>>
}

function explain(error: unknown): Explanation {
  if (error instanceof UsageError) return { code: 'usage', lines: [error.message], exit: 2 }
  if (error instanceof ConfigError) {
    const lines = ['the configuration is not usable', ...error.problems.map(formatProblem)]
    return { code: 'invalid_configuration', lines, exit: 1, extra: { problems: error.problems } }
  }
  if (error instanceof SallyportError) {
    const fields = error.errors.map(({ path, message }) => `${path}: ${message}`)
    const { title, action } = ERROR_CODES[error.code]
    // The action is written for who sends a request; here the title says more.
    const lines = [(error.detail === action ? `${title}.` : error.detail) + cause(error), ...fields]
    return { code: error.code, lines, exit: 1, extra: { errors: error.errors } }
  }
  if (error instanceof StartError) return { code: 'start_failed', lines: [error.message], exit: 1 }
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return { code: 'failed', lines: [line === '' ? 'it failed without saying why' : line], exit: 1 }
}

/** Why something was not available, as the system says it: who runs a command may know, unlike who sends a request. */
function cause({ detail, cause: reason }: SallyportError): string {
  if (!(reason instanceof Error)) return ''
  const [line = ''] = reason.message.split('\n')
  return line === '' || detail.includes(line) ? '' : ` (${line})`
}
