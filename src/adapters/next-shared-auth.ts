import type { Auth } from '../auth-types.js'
import { listenForPeers } from './next-peer.js'

/** An `Auth`, or how to get at it: what `sharedAuth` gives. */
export type AuthSource = Pick<Auth, 'host'> | (() => Promise<Pick<Auth, 'host'>>)

/** Kept where hot reload does not reach, and where the several bundles of one process meet. */
const KEY = Symbol.for('sallyport.next.auth')
const DEFAULT = 'default'

interface Shared {
  readonly open: () => Promise<Auth>
  opened: Promise<Auth> | null
}

type Remembered = typeof globalThis & { [KEY]?: Map<string, Shared> }

function shared(): Map<string, Shared> {
  const remembered: Remembered = globalThis
  remembered[KEY] ??= new Map()
  return remembered[KEY]
}

/**
 * One `Auth` for the whole process, which everything in `sallyport/next` asks unless it is given another: Next.js
 * evaluates a module again at each hot reload, and once more for `proxy.ts`. It is opened when it is first asked for, so
 * that `next build` touches no database; after a failure the next request tries again. Once it is open another
 * configuration takes effect with the next start.
 * @param open opens it, such as `() => createAuth({ … })`
 * @param name tells several apart; who has more than one gives each function its own as `auth`
 * @returns the way to it: `await auth()` is the `Auth`
 * @example
 * // lib/auth.ts, imported by instrumentation.ts
 * export const auth = sharedAuth(() => createAuth({ storage: { url: process.env.DATABASE_URL } }))
 */
export function sharedAuth(open: () => Promise<Auth>, name: string = DEFAULT): () => Promise<Auth> {
  listenForPeers()
  const all = shared()
  if (!all.get(name)?.opened) all.set(name, { open, opened: null })
  return () => openedOf(name)
}

function openedOf(name: string): Promise<Auth> {
  const entry = shared().get(name)
  if (entry === undefined) {
    throw new Error(
      'There is no Auth yet: import the module that calls `sharedAuth` in instrumentation.ts, or give `auth`.',
    )
  }
  entry.opened ??= entry.open().catch((error: unknown) => {
    entry.opened = null
    throw error
  })
  return entry.opened
}

/** @param source the one of the process where none is given */
export async function authOf(source: AuthSource | undefined): Promise<Pick<Auth, 'host'>> {
  if (source === undefined) return openedOf(DEFAULT)
  return typeof source === 'function' ? source() : source
}
