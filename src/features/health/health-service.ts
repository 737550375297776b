import type { Clock } from '../../runtime/clock.js'
import type { Logger } from '../../runtime/logger.js'

/** `disabled`: not configured, so nothing can be wrong with it. */
export type CheckStatus = 'ok' | 'failing' | 'disabled'

export type CheckName = 'database' | 'cache' | 'signing_keys' | 'cleanup'

export interface Readiness {
  readonly status: 'ready' | 'not_ready'
  readonly checks: Readonly<Record<CheckName, CheckStatus>>
}

export interface HealthService {
  readiness(): Promise<Readiness>
  /** From now on the node is not ready, whatever the checks say: it is about to stop. */
  drain(): void
}

/** Resolves when the part works, and throws when it does not; null where it is not configured. */
export type Check = (() => Promise<void>) | null

/** Whose loss makes a node slower and nothing else: shown, and no reason to send requests elsewhere. */
const DISPENSABLE: ReadonlySet<string> = new Set<CheckName>(['cache'])

const PATIENCE = 3_000
/** Anybody may ask: the checks are run at most once in this time, in milliseconds, however many do. */
const FRESH = 1_000

export function createHealthService(
  checks: Readonly<Record<CheckName, Check>>,
  clock: Clock,
  logger: Logger,
): HealthService {
  let draining = false
  let asked: { readonly at: number; readonly statuses: Promise<Readiness['checks']> } | null = null
  const failing = new Set<CheckName>()

  async function statusOf(name: CheckName): Promise<CheckStatus> {
    const check = checks[name]
    if (check === null) return 'disabled'
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
    })
    try {
      await Promise.race([check(), late])
      if (failing.delete(name)) logger.info({ check: name }, 'a readiness check holds again')
      return 'ok'
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      if (!failing.has(name)) logger.warn({ check: name, cause }, 'a readiness check fails')
      failing.add(name)
      return 'failing'
    } finally {
      clearTimeout(timer)
    }
  }

  async function runChecks(): Promise<Readiness['checks']> {
    const [database, cache, signingKeys, cleanup] = await Promise.all([
      statusOf('database'),
      statusOf('cache'),
      statusOf('signing_keys'),
      statusOf('cleanup'),
    ])
    return { database, cache, signing_keys: signingKeys, cleanup }
  }

  return {
    async readiness() {
      const now = clock.now()
      if (asked === null || Math.abs(now - asked.at) >= FRESH) asked = { at: now, statuses: runChecks() }
      const statuses = await asked.statuses
      const isFailing = Object.entries(statuses).some(
        ([name, status]) => status === 'failing' && !DISPENSABLE.has(name),
      )
      return { status: isFailing || draining ? 'not_ready' : 'ready', checks: statuses }
    },
    drain() {
      draining = true
    },
  }
}
