import type { Caller } from './caller.js'
import type { Act } from './history.js'

const AT_ONCE = 16

/**
 * Looks at what the history knows of, with nothing else under way: each account signs in, and the tokens of each session
 * are used; sessions go in parallel, the requests of one in a row.
 * @param from the place in the history where the last fault's load began: every pair that was given since is looked at
 * @param older whether of what was given before that the newest pair of each session, and each account, is too
 */
export async function settle(caller: Caller, from: number, older: boolean): Promise<void> {
  const acts = [...caller.history.acts]
  const recent = new Set(acts.slice(from))
  const wanted = (own: readonly Act[]) => older || own.some((act) => recent.has(act))
  const sessions = [...sessionsOf(acts).values()].filter(wanted)
  const accounts = [...passwordsOf(acts).values()].filter(wanted)
  caller.settling = true
  await inTurns(sessions, async (own) => {
    const pairs = own.filter((act, index) => recent.has(act) || index === own.length - 1)
    for (const { email, given } of pairs) if (given?.access) await caller.use(email, given.access)
    // The newest twice: the first time may spend it, and then it gets the pair that spending it gave.
    for (const { email, given } of [...pairs, ...pairs.slice(-1)])
      if (given?.refresh) await caller.refresh(email, given.refresh)
  })
  await inTurns(accounts, async (tries) => {
    for (const { email, password } of tries) await caller.login(email, password ?? '')
  })
  caller.settling = false
}

/** For each session the acts that gave its pairs, each pair once. */
function sessionsOf(acts: readonly Act[]): ReadonlyMap<string, readonly Act[]> {
  const sessions = new Map<string, Act[]>()
  const seen = new Set<string>()
  for (const act of acts) {
    const { outcome, given } = act
    if (outcome !== 'ok' || !given?.refresh || seen.has(given.refresh)) continue
    seen.add(given.refresh)
    const own = sessions.get(given.sessionId)
    if (own === undefined) sessions.set(given.sessionId, [act])
    else own.push(act)
  }
  return sessions
}

/** For each account what may be its password: of rivals for one address, whose registrations were cut off, both. */
function passwordsOf(acts: readonly Act[]): ReadonlyMap<string, readonly Act[]> {
  const accounts = new Map<string, Act[]>()
  for (const act of acts) {
    if (act.kind !== 'register' || act.outcome === 'fail') continue
    accounts.set(act.email, [...(accounts.get(act.email) ?? []), act])
  }
  for (const [email, tries] of accounts) {
    const accepted = tries.filter((act) => act.outcome === 'ok')
    if (accepted.length > 0) accounts.set(email, accepted)
  }
  return accounts
}

async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}
