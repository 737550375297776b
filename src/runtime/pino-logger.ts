import type { Writable } from 'node:stream'
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import { safeFields, safeText } from './log-safety.js'
import type { LogFields, Logger } from './logger.js'

export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `auto`: readable where `output` is a terminal, JSON lines elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** Default: standard output. */
  readonly output?: Writable & { readonly isTTY?: boolean }
  /** Milliseconds since the epoch; default: the machine's clock. */
  readonly now?: () => number
}

/** A logger that writes at once, one line an entry, with its time in UTC (RFC 3339). */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { level, format, output, now = Date.now } = options
  const terminal = output === undefined ? process.stdout.isTTY === true : output.isTTY === true
  const pretty = format === 'pretty' || (format === 'auto' && terminal)
  const destination = pretty
    ? await prettyDestination(output, terminal)
    : (output ?? pino.destination({ dest: 1, sync: true }))
  const base = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return safely(base)
}

async function prettyDestination(output: Writable | undefined, colorize: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ colorize, sync: true, translateTime: 'SYS:HH:MM:ss.l', destination: output ?? 1 })
}

/** Every line passes `safeFields` before pino sees it. */
function safely(target: PinoLogger): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (target.isLevelEnabled(level)) target[level](safeFields(fields), safeText(message))
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => safely(target.child(safeFields(fields))),
  }
}
