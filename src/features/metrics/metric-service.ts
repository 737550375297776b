import type { Clock } from '../../runtime/clock.js'
import type { Storage } from '../../storage/storage.js'
import type { AuditService } from '../audit/audit-service.js'
import type { SessionService } from '../sessions/session-service.js'
import { ActiveSessions } from './metric-active-sessions.js'
import type { MetricActs } from './metric-acts.js'
import type { MetricParts, MetricSources } from './metric-types.js'

export interface MetricService {
  /** Every metric in Prometheus' text format 0.0.4: this instance's, and those of the process. */
  read(): Promise<string>
}

/** Counts from its making on; nothing but the counting happens before somebody reads. */
export function createMetricService(parts: {
  readonly storage: Storage
  readonly clock: Clock
  readonly audit: AuditService
  readonly sessions: SessionService
  /** Names this node to the others. */
  readonly holder: string
  readonly acts: MetricActs
  readonly counted: Omit<MetricParts, 'lookups'>
}): MetricService {
  const { storage, clock, audit, sessions, holder, acts, counted } = parts
  audit.subscribe((events) => acts.noteEvents(events))
  const active = new ActiveSessions({ storage, clock, holder, count: () => sessions.countLive() })
  let activeSessions: number | null = null
  const sources = (): MetricSources => ({ ...counted, lookups: sessions.lookups, acts: acts.read(), activeSessions })
  // Who does not read metrics does not load what writes them.
  let registries: Promise<readonly { metrics(): Promise<string> }[]> | undefined
  const open = async () => {
    const { createMetricRegistry, processRegistry } = await import('./metric-registry.js')
    return [createMetricRegistry(sources), processRegistry()]
  }

  async function read(): Promise<string> {
    registries ??= open()
    activeSessions = await active.read()
    const texts = await Promise.all((await registries).map((registry) => registry.metrics()))
    return texts.join('\n')
  }

  let reading: Promise<string> | null = null
  return {
    read() {
      // However many ask at once, it is made once.
      reading ??= read().finally(() => {
        reading = null
      })
      return reading
    },
  }
}
