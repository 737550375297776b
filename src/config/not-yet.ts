import type { Config } from './config.js'

/** A part of the configuration that is read and checked, but that nothing acts on so far. */
export interface NotYet {
  /** A key, or the section that holds the keys, as YAML writes it. */
  readonly key: string
  /** What happens instead: completes "… has no effect so far: ". */
  readonly instead: string
  /** True where the values ask for what is not there. Default: where any key of it was given. */
  readonly matters?: (config: Config) => boolean
}

/** A room that is built takes its line away. */
export const NOT_YET: readonly NotYet[] = [
  { key: 'sms', instead: 'no message is sent' },
  {
    key: 'server.workers',
    instead: 'one process serves',
    matters: ({ server }) => server.workers > 1,
  },
]

/** True where `key` is the part itself or stands in it. */
export function isPartOf(key: string, part: string): boolean {
  return key === part || key.startsWith(`${part}.`)
}
