/** What is counted together: an account's identifier, it from one address, it on one known device, an address. */
export type BucketKind = 'identifier' | 'pair' | 'device' | 'address'

/** What a bucket holds. Times are the database's, in milliseconds since the epoch; 0: never. */
export interface BucketState {
  /** Wrong guesses of the present window. */
  readonly failures: number
  /** Attempts whose outcome is not known yet. */
  readonly pending: number
  /** When an attempt that was never decided counts as wrong: its process has died. */
  readonly pendingUntil: number
  readonly windowEndsAt: number
  /** How many lockouts in a row there were. */
  readonly level: number
  readonly lockedUntil: number
}

export interface BucketPolicy {
  /** Wrong guesses in one window until it is locked. */
  readonly most: number
  /** Milliseconds from the first wrong guess. */
  readonly window: number
  /** Milliseconds that the lockout of this number lasts; the first is 1. */
  readonly lockout: (level: number) => number
  /** Milliseconds of quiet after a lockout, until the next one is a first one again. */
  readonly memory: number
  /** Milliseconds after which an attempt that was never decided counts as wrong: longer than any takes. */
  readonly undecided: number
}

/** The longest lockout, in multiples of the first. */
const LONGEST_LOCKOUT = 16
const HOUR = 3_600_000

export const EMPTY_BUCKET: BucketState = {
  failures: 0,
  pending: 0,
  pendingUntil: 0,
  windowEndsAt: 0,
  level: 0,
  lockedUntil: 0,
}

/** The rule for guesses at one account. @param duration of the first lockout, in milliseconds */
export function accountPolicy(most: number, duration: number, undecided: number): BucketPolicy {
  return {
    most,
    undecided,
    window: Math.max(HOUR, duration),
    lockout: (level) => duration * Math.min(LONGEST_LOCKOUT, 2 ** (level - 1)),
    memory: 24 * HOUR,
  }
}

/** The rule for guesses of one address at whatever accounts. */
export function addressPolicy(
  limit: { readonly requests: number; readonly window: number },
  undecided: number,
): BucketPolicy {
  return { most: limit.requests, window: limit.window, lockout: () => limit.window, memory: 0, undecided }
}

/** The bucket as it stands at `now`: what has run out is gone, what was never decided counts as wrong. */
export function settle(stored: BucketState, policy: BucketPolicy, now: number): BucketState {
  const state = withinReach(stored, policy, now)
  const isOverdue = state.pending > 0 && state.pendingUntil <= now
  const remembered = state.windowEndsAt > now ? state.failures : 0
  const failures = remembered + (isOverdue ? state.pending : 0)
  const isForgotten = state.lockedUntil + policy.memory <= now
  return locked(
    {
      failures,
      pending: isOverdue ? 0 : state.pending,
      pendingUntil: isOverdue ? 0 : state.pendingUntil,
      windowEndsAt: remembered > 0 ? state.windowEndsAt : failures > 0 ? now + policy.window : 0,
      level: isForgotten ? 0 : state.level,
      lockedUntil: isForgotten ? 0 : state.lockedUntil,
    },
    policy,
    now,
  )
}

export function isLocked(state: BucketState, now: number): boolean {
  return state.lockedUntil > now
}

/** True where everything that is left is reserved by attempts under way. */
export function isFull(state: BucketState, policy: BucketPolicy): boolean {
  return state.failures + state.pending >= policy.most
}

/** One more attempt under way, in a settled bucket that is neither locked nor full. */
export function reserved(state: BucketState, policy: BucketPolicy, now: number): BucketState {
  return { ...state, pending: state.pending + 1, pendingUntil: now + policy.undecided }
}

/** An attempt under way was wrong. */
export function failed(state: BucketState, policy: BucketPolicy, now: number): BucketState {
  const settled = released(settle(state, policy, now))
  // What was reserved before a lockout is part of it.
  if (isLocked(settled, now)) return settled
  const windowEndsAt = settled.failures === 0 ? now + policy.window : settled.windowEndsAt
  return locked({ ...settled, failures: settled.failures + 1, windowEndsAt }, policy, now)
}

/** An attempt under way was right: its bucket starts afresh. */
export function cleared(state: BucketState): BucketState {
  const { pending, pendingUntil } = released(state)
  return { ...EMPTY_BUCKET, pending, pendingUntil }
}

/** An attempt under way came to nothing: it does not count. */
export function released(state: BucketState): BucketState {
  const pending = Math.max(0, state.pending - 1)
  return { ...state, pending, pendingUntil: pending === 0 ? 0 : state.pendingUntil }
}

/** When nothing of it matters any more; 0 where nothing does. */
export function endOf(state: BucketState, policy: BucketPolicy): number {
  return Math.max(
    state.failures > 0 ? state.windowEndsAt : 0,
    state.pending > 0 ? state.pendingUntil + policy.window : 0,
    state.lockedUntil > 0 ? state.lockedUntil + policy.memory : 0,
  )
}

/** No time lies further ahead than it could: a clock that was wrong for a while must not keep anybody out for longer. */
function withinReach(state: BucketState, policy: BucketPolicy, now: number): BucketState {
  return {
    ...state,
    pendingUntil: Math.min(state.pendingUntil, now + policy.undecided),
    windowEndsAt: Math.min(state.windowEndsAt, now + policy.window),
    lockedUntil: Math.min(state.lockedUntil, now + policy.lockout(state.level)),
  }
}

function locked(state: BucketState, policy: BucketPolicy, now: number): BucketState {
  if (state.failures < policy.most || isLocked(state, now)) return state
  const level = state.level + 1
  return { ...state, failures: 0, windowEndsAt: 0, level, lockedUntil: now + policy.lockout(level) }
}
