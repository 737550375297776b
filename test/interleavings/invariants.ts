import type { AccountChange, Attempt, Ending, Held, History, Timed } from './history.js'

export type Invariant =
  | 'dead stays dead'
  | 'the living stay'
  | 'one leaf'
  | 'claims are fresh'
  | 'nobody else'
  | 'no error'

export interface Violation {
  readonly invariant: Invariant
  readonly detail: string
}

export interface Bounds {
  /** Milliseconds. */
  readonly maxStaleness: number
  readonly reuseGrace: number
}

/** What must hold of every history, whatever the schedule. */
export function violationsOf(history: History, bounds: Bounds): readonly Violation[] {
  return [
    ...history.broken.map((detail) => ({ invariant: 'no error' as const, detail })),
    ...deadStaysDead(history, bounds),
    ...livingStay(history, bounds),
    ...oneLeaf(history),
    ...freshClaims(history, bounds),
    ...nobodyElse(history),
  ]
}

/**
 * True where whoever did `later` must know of what was answered before: on the same node at once, on one that has
 * started since at once, on another one when the bound is over.
 */
function mustKnow(earlier: Timed, later: Timed, { maxStaleness }: Bounds): boolean {
  if (earlier.ended >= later.began) return false
  const isAtOnce = earlier.node === later.node || later.born >= earlier.ended
  return isAtOnce || later.beganAt - earlier.endedAt > maxStaleness
}

/** True where it was this act that made the difference, and its caller was told so. */
function isAnswered(history: History, { requestId, outcome }: Ending | AccountChange): boolean {
  return outcome.kind === 'done' && history.effective.has(requestId)
}

function concerns({ sessionId, userId }: Ending, session: Held): boolean {
  return sessionId === null ? userId === session.userId : sessionId === session.id
}

/** Every act that ended sessions, those among them that came of a spent token. */
function endingsOf(history: History): readonly Ending[] {
  const byReuse = history.refreshes.flatMap(({ session, outcome, ...timed }) =>
    outcome.kind === 'refused' && outcome.code === 'token_reused'
      ? [{ ...timed, sessionId: session.id, userId: session.userId, outcome: { kind: 'done', result: null } as const }]
      : [],
  )
  return [...history.endings, ...byReuse]
}

/** (1) After a revocation was answered, nothing that begins later is let in; nor is a spent pair after its grace. */
function* deadStaysDead(history: History, bounds: Bounds): Generator<Violation> {
  const endings = endingsOf(history).filter((one) => isAnswered(history, one))
  for (const attempt of history.authentications) {
    if (attempt.outcome.kind !== 'done') continue
    const ending = endings.find((one) => concerns(one, attempt.session) && mustKnow(one, attempt, bounds))
    if (ending !== undefined) {
      yield { invariant: 'dead stays dead', detail: `let in: ${told(attempt)}; it had ended: ${told(ending)}` }
    }
    if (attempt.outcome.result.tokenFormat === 'jwt') continue
    const spend = history.refreshes.find(
      (one) => isSpend(one, attempt) && attempt.beganAt - one.endedAt >= bounds.reuseGrace,
    )
    if (spend !== undefined) {
      yield { invariant: 'dead stays dead', detail: `let in: ${told(attempt)}; the pair was spent: ${told(spend)}` }
    }
  }
  for (const attempt of history.refreshes) {
    const ending = endings.find((one) => concerns(one, attempt.session) && one.ended < attempt.began)
    if (attempt.outcome.kind === 'done' && ending !== undefined) {
      yield { invariant: 'dead stays dead', detail: `refreshed: ${told(attempt)}; it had ended: ${told(ending)}` }
    }
  }
}

function isSpend(refresh: Attempt<unknown>, of: Attempt<unknown>): boolean {
  return refresh.session === of.session && refresh.counter === of.counter && refresh.outcome.kind === 'done'
}

/** (2) Nobody is refused whose session nobody has begun to end, with a pair that is current or within its grace. */
function* livingStay(history: History, bounds: Bounds): Generator<Violation> {
  for (const attempt of [...history.authentications, ...history.refreshes]) {
    const { outcome, session, counter } = attempt
    if (outcome.kind !== 'refused') continue
    if (history.endings.some((one) => concerns(one, session) && one.began < attempt.ended)) continue
    const mayBeReuse = history.refreshes.some(
      (one) =>
        one !== attempt && one.session === session && one.began < attempt.ended && isPastGrace(history, one, bounds),
    )
    if (mayBeReuse || isPastGrace(history, attempt, bounds)) continue
    yield { invariant: 'the living stay', detail: `${outcome.code}: ${told(attempt)}, pair ${counter}` }
  }
}

/** True where the pair may have been spent for as long as the grace when the attempt ended. */
function isPastGrace(history: History, { session, counter, endedAt }: Attempt<unknown>, bounds: Bounds): boolean {
  return history.refreshes.some(
    (one) => one.session === session && one.counter === counter && endedAt - one.beganAt >= bounds.reuseGrace,
  )
}

/** (3) A family has one line of pairs: each is one text, none is skipped, and nobody is answered an older one. */
function* oneLeaf(history: History): Generator<Violation> {
  for (const session of history.sessions) {
    const theirs = history.refreshes.filter((one) => one.session === session)
    const texts = new Map(session.tokens.map(({ counter, refresh }) => [counter, refresh]))
    for (const attempt of theirs) {
      if (attempt.outcome.kind !== 'done') continue
      const { counter, refresh } = attempt.outcome.result
      const earlier = theirs.find(
        ({ outcome, ended }) => outcome.kind === 'done' && ended < attempt.began && outcome.result.counter > counter,
      )
      if (texts.get(counter) !== refresh || counter <= attempt.counter || earlier !== undefined) {
        yield { invariant: 'one leaf', detail: `an old or another pair ${counter}: ${told(attempt)}` }
      }
    }
    const row = history.rows.get(session.id)
    const current = row?.counter ?? 0
    for (let counter = 1; counter < current; counter++) {
      if (theirs.every((one) => one.counter !== counter)) {
        yield { invariant: 'one leaf', detail: `pair ${counter} of ${current} was spent and nobody had shown it` }
      }
    }
    const newest = session.tokens.at(-1)?.counter ?? 0
    // A refresh that a revocation overtook, or whose process died, has spent a pair and answered none.
    const isWhole = row?.revokedAt === null && theirs.every(({ outcome }) => outcome.kind !== 'lost')
    if (newest !== current && isWhole) {
      yield { invariant: 'one leaf', detail: `pair ${newest} was answered and ${current} is current` }
    }
  }
}

/** (4) Claims are no older than a change that the node must know of. */
function* freshClaims(history: History, bounds: Bounds): Generator<Violation> {
  for (const attempt of history.authentications) {
    if (attempt.outcome.kind !== 'done') continue
    const { roles, username } = attempt.outcome.result
    const known = (change: AccountChange) =>
      change.userId === attempt.session.userId && isAnswered(history, change) && mustKnow(change, attempt, bounds)
    const grant = history.grants.find((one) => known(one) && !roles.includes(one.value))
    if (grant !== undefined) {
      yield { invariant: 'claims are fresh', detail: `no role ${grant.value}: ${told(attempt)}; given: ${told(grant)}` }
    }
    // Where one rename followed another, the name before the latter is old.
    const source = history.renames.find(({ value }) => value === username)
    const isOld = (one: Timed) => source === undefined || (source.outcome.kind === 'done' && source.ended < one.began)
    const rename = history.renames.find((one) => known(one) && one.value !== username && isOld(one))
    if (rename !== undefined) {
      yield { invariant: 'claims are fresh', detail: `still ${username}: ${told(attempt)}; renamed: ${told(rename)}` }
    }
  }
}

/** (5) Whoever is let in is the one whose token it is. */
function* nobodyElse(history: History): Generator<Violation> {
  for (const attempt of history.authentications) {
    if (attempt.outcome.kind !== 'done') continue
    const { userId, sessionId } = attempt.outcome.result
    if (userId === attempt.session.userId && sessionId === attempt.session.id) continue
    yield { invariant: 'nobody else', detail: `${told(attempt)} was taken for ${userId}` }
  }
}

function told({ node, began, ended, beganAt, endedAt }: Timed): string {
  return `at node ${node}, turns ${began} to ${ended}, at ${beganAt % 10_000_000} to ${endedAt % 10_000_000} ms`
}
