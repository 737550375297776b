import { cpus, loadavg, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  readonly node: string
  readonly v8: string
  readonly openssl: string
  /** Over the last minute; beyond the number of cores the figures are those of a crowd. */
  readonly load: number
}

export function describeMachine(): Machine {
  const found = cpus()
  return {
    cpu: found[0]?.model.trim() ?? 'unknown',
    cores: found.length,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  }
}
