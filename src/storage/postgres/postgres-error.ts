import { SallyportError } from '../../contract/sallyport-error.js'
import { BUSY, codeOf, DatabaseUnavailable, UNANSWERED, UNKNOWN_OUTCOME } from '../database-error.js'

/**
 * What became of a statement that failed. `unsent`: it never reached the server. `undone`: the server rolled it back
 * and a repetition may succeed. `lost`: the connection went, and with it the answer. `final`: it failed for good.
 */
export type Fate = 'unsent' | 'undone' | 'lost' | 'final'

export interface Failure {
  readonly fate: Fate
  /** The connection must not be used again. */
  readonly discard: boolean
  /** What the caller sees where nothing is repeated. */
  readonly error: unknown
}

/** Where the failed statement stood: it decides what a lost connection means. */
export type Place = 'alone' | 'transaction' | 'commit'

// The driver's own words, since it gives these errors no code.
const NO_ANSWER = 'Query read timeout'
const UNSENT = /not queryable|^Cannot use a pool/
// Serialization failure and deadlock.
const UNDONE = new Set(['40001', '40P01'])
// Prepared statements that the server forgot, or whose result a migration changed: a new connection knows better.
const STALE_PLAN = new Set(['26000', '0A000'])
// Shutdown, crash, starting up, and the two session timeouts.
const SESSION_ENDED = new Set(['57P01', '57P02', '57P03', '57P05', '25P03'])
const CROWDED = new Set(['53300', '55P03', '57014'])
// Read-only, full disk, no memory and the like: the server's trouble, not the statement's.
const SERVER_TROUBLE = /^(25006|28|3D|53|54|55|57|58|F0|XX|42501)/
const NOT_TEXT = new Set(['22021', '22P05'])

export function classify(error: unknown, place: Place, readOnly: boolean): Failure {
  if (error instanceof SallyportError || error instanceof TypeError || error instanceof RangeError) {
    return { fate: 'final', discard: false, error }
  }
  const code = codeOf(error)
  if (error instanceof Error && error.message === NO_ANSWER) {
    // Not tried again: who waited that long must not wait as long once more.
    const detail = readOnly || place === 'transaction' ? UNANSWERED : UNKNOWN_OUTCOME
    return { fate: 'final', discard: true, error: new DatabaseUnavailable(detail, error) }
  }
  const fate = fateOf(error, code)
  if (fate === 'final') return { fate, discard: code === '25006', error: publicError(error, code) }
  const discard = fate !== 'undone'
  const outcomeKnown = fate !== 'lost' || readOnly || place === 'transaction'
  return outcomeKnown
    ? { fate, discard, error: new DatabaseUnavailable(UNANSWERED, error, place !== 'alone') }
    : { fate, discard, error: new DatabaseUnavailable(UNKNOWN_OUTCOME, error) }
}

/** What the caller sees of a connection that could not be had. */
export function connectionError(error: unknown): unknown {
  const code = codeOf(error)
  const crowded = error instanceof Error && error.message.startsWith('timeout exceeded')
  return new DatabaseUnavailable(crowded || code === '53300' ? BUSY : UNANSWERED, error)
}

function fateOf(error: unknown, code: string | undefined): Fate {
  if (code === undefined || !isSqlState(code)) {
    return error instanceof Error && UNSENT.test(error.message) ? 'unsent' : 'lost'
  }
  if (UNDONE.has(code)) return 'undone'
  if (STALE_PLAN.has(code)) return 'unsent'
  return SESSION_ENDED.has(code) || code.startsWith('08') ? 'lost' : 'final'
}

function publicError(error: unknown, code: string | undefined): unknown {
  if (code === undefined || code.startsWith('23')) return error
  if (NOT_TEXT.has(code)) {
    return new SallyportError('invalid_request', {
      detail: 'Text must not hold characters that cannot be stored.',
      cause: error,
    })
  }
  if (CROWDED.has(code)) return new DatabaseUnavailable(BUSY, error)
  if (SERVER_TROUBLE.test(code)) return new DatabaseUnavailable(UNANSWERED, error)
  return new SallyportError('internal', { cause: error })
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
}
