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

const PATIENCE = 3_000

export function createHealthService(checks: Readonly<Record<CheckName, Check>>, logger: Logger): HealthService {
  let draining = false

  async function statusOf(name: CheckName): Promise<CheckStatus> {
    const check = checks[name]
    if (check === null) return 'disabled'
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
    })
    try {
      await Promise.race([check(), late])
      return 'ok'
    } catch (error) {
      logger.warn(
        { check: name, cause: error instanceof Error ? error.message : String(error) },
        'a readiness check fails',
      )
      return 'failing'
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async readiness() {
      const [database, cache, signingKeys, cleanup] = await Promise.all([
        statusOf('database'),
        statusOf('cache'),
        statusOf('signing_keys'),
        statusOf('cleanup'),
      ])
      const statuses = { database, cache, signing_keys: signingKeys, cleanup }
      const failing = Object.values(statuses).includes('failing')
      return { status: failing || draining ? 'not_ready' : 'ready', checks: statuses }
    },
    drain() {
      draining = true
    },
  }
}
