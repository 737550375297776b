import { isRecord, parseJson } from './json.js'
import type { CredentialStorage, StoredSession } from './storage-types.js'
import { type KeyValues, surroundings } from './surroundings.js'

/**
 * Bearer tokens in memory: what a page has, its tab alone has, and a reload signs out. The safest place there is for a token
 * that scripts hold; nothing of it is handed to other tabs.
 */
export function memoryStorage(): CredentialStorage {
  let kept: StoredSession | null = null
  return {
    transport: 'bearer',
    isShared: false,
    load: () => kept,
    save(_name, session) {
      kept = session
    },
  }
}

/**
 * The server's `HttpOnly` cookies: no script can read a token, every tab shares the session, and it outlives a reload. For
 * pages of the server's own site. `localStorage`, where there is one, keeps when the tokens were last exchanged, so that no
 * other tab does it again.
 */
export function cookieStorage(keyValues?: KeyValues): CredentialStorage {
  const { load, save } = keptIn(keyValues)
  return {
    transport: 'cookie',
    isShared: true,
    load,
    save(name, session) {
      try {
        save(name, session && { receivedAt: session.receivedAt, lifetime: session.lifetime })
      } catch {
        // A full disk: then another tab may exchange the tokens once more.
      }
    },
  }
}

/**
 * Bearer tokens in `localStorage`: every tab shares them, and they outlive the browser. WARNING: any script that runs in
 * any page of the origin, an injected one too (XSS), can read both tokens, send them away, and be the user until the
 * session ends. `cookieStorage()` has the same comforts without that; take this one only where cookies cannot be had.
 */
export function localStorageAdapter(keyValues?: KeyValues): CredentialStorage {
  return { transport: 'bearer', isShared: true, ...keptIn(keyValues) }
}

function keptIn(given: KeyValues | undefined) {
  /** For a server that renders pages, or a browser that forbids storage. */
  let otherwise: StoredSession | null = null
  return {
    load(name: string): StoredSession | null {
      const keyValues = given ?? surroundings.keyValues()
      return keyValues === null ? otherwise : parse(keyValues.getItem(name))
    },
    save(name: string, session: StoredSession | null): void {
      const keyValues = given ?? surroundings.keyValues()
      otherwise = session
      if (session === null) keyValues?.removeItem(name)
      else keyValues?.setItem(name, JSON.stringify(session))
    },
  }
}

/** Null for what this client has not written. */
function parse(text: string | null): StoredSession | null {
  const value = parseJson(text ?? '')
  return isStoredSession(value) ? value : null
}

export function isStoredSession(value: unknown): value is StoredSession {
  if (!isRecord(value)) return false
  const { accessToken = '', refreshToken = '', receivedAt, user } = value
  const areTexts = typeof accessToken === 'string' && typeof refreshToken === 'string'
  return areTexts && typeof receivedAt === 'number' && (!user || isRecord(user))
}
