import type { Act } from './history.js'
import type { Rule, Violation } from './violation.js'

/** What a 401 on a token says when its session is over, or was never there. */
const VERDICTS = new Set(['session_revoked', 'invalid_token', 'token_expired', 'token_reused', 'unauthenticated'])

interface Family {
  readonly sessionId: string
  readonly email: string
  /** When the act that opened it began and ended. */
  readonly opening: Act
  /** Acts that end it, whatever became of them. */
  readonly endings: Act[]
  /** Uses of its tokens that were answered yes or no. */
  readonly verdicts: Act[]
}

/**
 * Holds every rule that can be judged from outside over a history.
 * The last acts must be settling ones: each account and each session looked at, with nothing else under way.
 */
export function checkHistory(acts: readonly Act[]): readonly Violation[] {
  const violations: Violation[] = []
  const report = (rule: Rule, act: Pick<Act, 'id'>, what: string) => violations.push({ rule, about: act.id, what })
  const families = familiesOf(acts)
  const faultsEnd = Math.max(0, ...acts.filter((act) => !act.settling).map((act) => act.end))
  checkAnswers(acts, report)
  checkAccounts(acts, faultsEnd, report)
  checkIdentities(acts, families, report)
  for (const family of new Set(families.values())) {
    checkFamily(family, faultsEnd, report)
    checkLeaf(family, report)
  }
  return violations
}

type Report = (rule: Rule, act: Pick<Act, 'id'>, what: string) => void

/** The family of each token. */
function familiesOf(acts: readonly Act[]): ReadonlyMap<string, Family> {
  const bySession = new Map<string, Family>()
  const byToken = new Map<string, Family>()
  for (const act of acts) {
    const { outcome, given } = act
    if (outcome !== 'ok' || given === null || given.access === null || given.refresh === null) continue
    const { sessionId } = given
    const family = bySession.get(sessionId) ?? {
      sessionId,
      email: act.email,
      opening: act,
      endings: [],
      verdicts: [],
    }
    bySession.set(sessionId, family)
    for (const token of [given.access, given.refresh]) byToken.set(token, family)
  }
  for (const act of acts) {
    const family = act.token === null ? undefined : byToken.get(act.token)
    if (act.kind === 'use' || act.kind === 'refresh') {
      if (act.outcome === 'ok' || (act.outcome === 'fail' && VERDICTS.has(act.code ?? ''))) family?.verdicts.push(act)
    } else if (act.kind === 'logout') family?.endings.push(act)
    else if (act.kind === 'revoke' && act.target !== null) bySession.get(act.target)?.endings.push(act)
    else if (act.kind === 'revoke_all') {
      // One that was over before the family began cannot have ended it.
      for (const other of bySession.values())
        if (other.email === act.email && act.end > other.opening.start) other.endings.push(act)
    }
  }
  return byToken
}

function checkAnswers(acts: readonly Act[], report: Report): void {
  for (const act of acts) {
    const { status, code } = act
    if (status === null || status < 400) continue
    if (status === 500 || code === null || code === 'internal')
      report('improper_answer', act, `${act.kind} was answered ${status} ${code}`)
  }
}

function checkAccounts(acts: readonly Act[], faultsEnd: number, report: Report): void {
  for (const [email, own] of grouped(acts, (act) => act.email)) {
    const registered = own.filter((act) => act.kind === 'register' && act.outcome === 'ok')
    if (registered.length > 1) report('email_twice', { id: email }, `${registered.length} registrations were accepted`)
    const logins = own.filter((act) => act.kind === 'login')
    // A login shows the account as well as the registration does: the answer to that one may have been cut off.
    const shown = [...registered, ...logins.filter((act) => act.outcome === 'ok')]
    if (new Set(shown.map((act) => act.password)).size > 1)
      report('email_twice', { id: email }, 'two passwords were accepted')
    for (const act of shown) {
      const refused = logins.find(
        (login) =>
          login.outcome === 'fail' &&
          login.code === 'invalid_credentials' &&
          login.password === act.password &&
          login.start > act.end,
      )
      if (refused !== undefined)
        report('account_lost', refused, `${email} was refused after ${act.kind} had been answered`)
    }
    const settled = logins.some((act) => act.start > faultsEnd && act.outcome !== 'unknown')
    if (shown.length > 0 && !settled) report('not_looked_at', { id: email }, 'no sign-in at the end')
  }
}

function checkIdentities(acts: readonly Act[], families: ReadonlyMap<string, Family>, report: Report): void {
  const users = new Map<string, string>()
  const owners = new Map<string, string>()
  for (const act of acts) {
    if (act.outcome !== 'ok' || act.given === null) continue
    const { email, userId, sessionId } = act.given
    const family = act.token === null ? undefined : families.get(act.token)
    if (email !== act.email) report('identities_mixed', act, `${act.kind} of ${act.email} was answered as ${email}`)
    if ((users.get(email) ?? userId) !== userId) report('identities_mixed', act, `${email} has two ids`)
    users.set(email, userId)
    if ((owners.get(sessionId) ?? userId) !== userId) report('identities_mixed', act, `${sessionId} has two owners`)
    owners.set(sessionId, userId)
    if (family !== undefined && family.sessionId !== sessionId)
      report('identities_mixed', act, `a token of ${family.sessionId} was answered as ${sessionId}`)
  }
}

function checkFamily({ sessionId, opening, endings, verdicts }: Family, faultsEnd: number, report: Report): void {
  const ended = endings.filter((act) => act.outcome === 'ok' && act.start > opening.end)
  const deadAt = Math.min(...ended.map((act) => act.end))
  const deaths = verdicts.filter((act) => act.outcome === 'fail')
  const seenDeadAt = Math.min(...deaths.map((act) => act.end))
  for (const act of verdicts) {
    if (act.outcome !== 'ok') {
      // An ending that was under way, even one whose answer was cut off, may have happened.
      if (!endings.some((ending) => ending.start < act.end && ending.outcome !== 'fail'))
        report('token_lost', act, `${act.kind} of ${sessionId} was refused (${act.code}) though nothing ended it`)
    } else if (act.start > deadAt)
      report('dead_came_alive', act, `${act.kind} of ${sessionId} worked after its ending had been answered`)
    else if (act.start > seenDeadAt)
      report('dead_came_alive', act, `${act.kind} of ${sessionId} worked after it had been refused`)
  }
  // The sign-ins that settle the accounts open sessions of their own.
  if (opening.start > faultsEnd) return
  for (const kind of ['use', 'refresh'] as const) {
    if (!verdicts.some((act) => act.start > faultsEnd && act.kind === kind))
      report('not_looked_at', { id: sessionId }, `no ${kind} at the end`)
  }
}

/** With nothing else under way, every spent token of a family gets the one current pair, and that one gets the next. */
function checkLeaf({ sessionId, verdicts }: Family, report: Report): void {
  let leaf: string | null = null
  for (const act of verdicts) {
    const answered = act.given?.refresh ?? null
    if (!act.settling || act.kind !== 'refresh' || act.outcome !== 'ok' || answered === null) continue
    const isNew = act.token === leaf
    if (leaf !== null && (isNew ? answered === leaf : answered !== leaf))
      report('family_forked', act, `a refresh of ${sessionId} left two current pairs`)
    leaf = answered
  }
}

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
