import type { User } from '../contract/api-types.js'
import { SallyportClientError } from './client-error.js'
import type { ClientEvent, SessionPort, SignedIn, SignedOut } from './client-types.js'
import type { Exchange } from './exchange.js'
import { createRefreshTimes } from './refresh-times.js'
import { isRefused, lifetimeOf, strange } from './refusal.js'
import { markOf, type SessionBook } from './session-book.js'
import type { CredentialStorage, StoredSession } from './storage-types.js'
import type { PageEvent, Surroundings } from './surroundings.js'
import type { TabMessage, Tabs } from './tabs.js'

/** Who is signed in, and with what. The only one that stores, exchanges and forgets. */
export interface SessionKeeper {
  readonly port: SessionPort
  /** What to show with a request, fresh where that can be had; null for nothing, or somebody else's by now. Never rejects. */
  credential(): Promise<StoredSession | null>
  /** Another one of the same user after `used` was refused; null where there is none. @throws SallyportClientError */
  replacement(used: StoredSession): Promise<StoredSession | null>
  /**
   * True where the browser's cookies are still of the same user; whoever else they are of is signed in now. Never rejects.
   * @param unlessTold other tabs that tell of a change need not be asked after
   */
  isStill(used: StoredSession, unlessTold?: boolean): Promise<boolean>
  /** A fresh credential was refused as well: no exchange is going to mend that. */
  giveUp(used: StoredSession): void
  /** Takes what a sign-in gave. */
  signIn(session: StoredSession): Promise<SignedIn>
  /** Signs out here and in the tabs that share the session. @param everyone the user whose sessions were all ended */
  forget(reason: SignedOut['reason'], everyone?: string): Promise<void>
  refresh(): Promise<void>
  /** Notes what the account looks like now. */
  learn(user: User): void
  /** Takes the token that the server issued by itself, where there is one. */
  renewed(headers: Headers, used: StoredSession | null): void
  close(): void
}

export function createSessionKeeper(
  name: () => string,
  storage: CredentialStorage,
  book: SessionBook,
  exchange: Exchange,
  tabs: Tabs,
  surroundings: Surroundings,
  { autoRefresh = true }: { readonly autoRefresh?: boolean },
  tell: (event: ClientEvent) => void,
): SessionKeeper {
  const { isShared } = storage
  const isCookie = storage.transport === 'cookie'
  const times = createRefreshTimes(surroundings, autoRefresh, tick)
  /** Raised whenever another session or pair takes the place of the one before: what began earlier is too late. */
  let epoch = 0
  let known: Promise<void> | null = null
  let exchanging: Promise<void> | null = null
  let hopeless: string | null = null
  let saving: Promise<void> = Promise.resolve()
  let stopListening: (() => void) | null = null

  /** Begins to hear of other tabs and of the page. */
  function attend(): void {
    if (book.isClosed() || stopListening) return
    stopListening = surroundings.listen(onPage)
    tabs.listen((message) => void follow(message).catch(ignore))
  }

  function take(session: StoredSession): void {
    epoch++
    book.hold(session)
    if (!book.isClosed()) times.plan(session)
  }

  function drop(reason: SignedOut['reason']): void {
    epoch++
    times.stop()
    book.clear(reason)
  }

  /** One after the other: a storage that takes its time must not end with what was saved before. */
  function save(session: StoredSession | null): Promise<void> {
    const saved = saving.then(() => storage.save(name(), session))
    saving = saved.catch(ignore)
    return saved
  }

  /** Saves what is known of the session that is stored, and no other: another tab may have ended or replaced it, unheard. */
  async function amend(session: StoredSession): Promise<void> {
    const at = epoch
    const stored = await storage.load(name())
    if (epoch === at && stored && markOf(stored) === markOf(session)) await save(session)
  }

  async function keep(session: StoredSession): Promise<void> {
    take(session)
    await save(session)
    if (!isShared) return
    const { accessToken: _access, refreshToken: _refresh, ...open } = session
    tabs.tell({ session: open })
  }

  async function forget(reason: SignedOut['reason'], everyone?: string): Promise<void> {
    drop(reason)
    await save(null)
    if (isShared) tabs.tell({ session: null })
    else if (everyone) tabs.tell({ revoked: everyone })
  }

  /** Takes what another tab has stored since `than`. @returns true for one that is good for a while, null where nothing is stored */
  async function takeNewer(than: StoredSession | null): Promise<boolean | null> {
    if (!isShared) return false
    const stored = await storage.load(name())
    if (!stored) return null
    if (than && markOf(stored) === markOf(than)) return false
    const isFresh = !times.isDue(stored)
    if (stored.user) take(stored)
    // With cookies nothing is stored of whose they are.
    else if (isFresh) await askWhose(stored)
    return isFresh
  }

  /** Holds a session once the server says whose it is. @throws SallyportClientError */
  async function askWhose(session: StoredSession): Promise<void> {
    const at = epoch
    const user = await exchange.whose(session)
    if (epoch === at) take({ ...session, user })
  }

  /** What the browser's cookies are good for is not known. */
  const unknown = () => ({ receivedAt: surroundings.now(), lifetime: null })

  /** What the other tabs share by now. */
  async function follow({ session, revoked }: TabMessage): Promise<void> {
    await known
    if (!isShared) {
      if (revoked && revoked === book.held()?.user?.id) await forget('session_revoked')
    } else if (session === null) drop('logout')
    else if (!isCookie) await restore()
    else if (session) take(session)
  }

  /** Looks up what may have happened unheard. */
  async function restore(): Promise<void> {
    const at = epoch
    try {
      if (isCookie) await askWhose(unknown())
      else if ((await takeNewer(book.held())) === null) drop('logout')
    } catch (error) {
      if (!isRefused(error) || epoch !== at) return
      // As at the start: where a cookie was sent, and has ended, there may be another to be had for it.
      if (error.code !== 'unauthenticated' && book.held()) await refresh().catch(ignore)
      else drop('logout')
    }
  }

  async function start(): Promise<void> {
    attend()
    const at = epoch
    const stored = await storage.load(name())
    if (epoch !== at) return
    if (!isCookie) return stored ? startWith(stored) : drop(null)
    try {
      await askWhose({ ...unknown(), ...stored })
    } catch (error) {
      if (!isRefused(error)) throw error
      if (epoch !== at) return
      // `unauthenticated`: no cookie was sent, so there is nothing to exchange.
      if (error.code === 'unauthenticated') drop(null)
      else await startWith({ ...unknown(), ...stored })
    }
  }

  /** Shows a stored session once it is known to be good, or nobody can tell. @throws SallyportClientError where nobody can tell whose it is */
  async function startWith({ user, ...bare }: StoredSession): Promise<void> {
    const at = ++epoch
    // Held, and not shown yet.
    book.hold(bare)
    try {
      if (!user || times.isDue(bare)) await refresh()
    } catch (error) {
      if (isRefused(error)) return
      if (!user) throw error
    }
    if (epoch === at && user) take({ ...bare, user })
  }

  function knowing(): Promise<void> {
    known ??= start().catch((error) => {
      known = null
      times.failed(error)
      throw error
    })
    return known
  }

  async function exchangeOnce(): Promise<void> {
    const tried = book.held()
    if (!tried) throw new SallyportClientError('unauthenticated', { status: 401, detail: 'Nobody is signed in.' })
    const at = epoch
    await tabs.exclusively(async () => {
      // Whoever had the door before may have brought the next pair, which may have ended as well.
      if (epoch !== at || (await takeNewer(tried).catch(ifRefused))) return
      const current = book.held()
      if (!current) return
      const since = epoch
      try {
        const next = await exchange.next(current)
        // What another tab has done meanwhile is not undone, heard of or not.
        if (epoch === since && !isCookie && (await takeNewer(current)) === null) drop('logout')
        if (epoch === since) await keep(next)
      } catch (error) {
        if (epoch !== since) return
        if (!isRefused(error)) throw error
        await refused(current, error)
      }
    })
    times.succeeded()
  }

  /** The end of a session, unless another tab has a newer one. @throws SallyportClientError `error` */
  async function refused(tried: StoredSession, error: SallyportClientError): Promise<void> {
    const at = epoch
    await takeNewer(tried).catch(ifRefused)
    if (epoch !== at) return
    // Cookies of another session may have come meanwhile; an access token in use may outlive its refresh token.
    if (isCookie || error.code === 'token_expired') {
      try {
        return await askWhose(isCookie ? unknown() : { ...tried, lifetime: null })
      } catch (second) {
        if (!isRefused(second)) throw second
      }
    }
    await forget(error.code)
    throw error
  }

  async function refresh(): Promise<void> {
    if (!exchanging) {
      times.assertOpen()
      exchanging = exchangeOnce()
        .catch((error) => {
          if (error instanceof SallyportClientError && !isRefused(error)) {
            times.failed(error)
            tell({ type: 'refresh-failed', error })
          }
          throw error
        })
        .finally(() => {
          exchanging = null
        })
    }
    return exchanging
  }

  function tick(): void {
    const held = book.held()
    if (book.isClosed()) return
    if (book.state().status === 'loading') void knowing().catch(ignore)
    else if (held && !surroundings.isHidden()) {
      if (times.isDue(held)) void refresh().catch(ignore)
      else times.plan(held)
    }
  }

  function onPage(event: PageEvent): void {
    const isNews = event === 'pageshow' || (event === 'storage' && !isCookie)
    if (isShared && isNews) void restore()
    // What is stored by whomever is no reason to ask again what has just failed.
    else if (event !== 'storage') {
      times.open()
      tick()
    }
  }

  async function credential(): Promise<StoredSession | null> {
    await knowing().catch(ignore)
    const held = book.held()
    if (!held || !times.isDue(held)) return held
    // While the old one is good nobody waits for the next.
    const refreshing = refresh().catch(ignore)
    if (times.isOver(held)) await refreshing
    return ofSameUser(held, book.held())
  }

  return {
    port: {
      current: book.state,
      subscribe(listener) {
        const stop = book.subscribe(listener)
        void knowing().catch(ignore)
        return stop
      },
      async ready() {
        await knowing()
        const state = book.state()
        if (state.status === 'loading') throw strange()
        return state
      },
    },
    credential,
    async replacement(used) {
      const mark = markOf(used)
      const held = book.held()
      if (held && markOf(held) !== mark) return ofSameUser(used, held)
      if (!held || hopeless === mark) return null
      await refresh()
      const next = book.held()
      return next && markOf(next) !== mark ? ofSameUser(used, next) : null
    },
    async isStill({ user }, unlessTold = false) {
      if (unlessTold && tabs.isHeard()) return true
      const at = epoch
      const now = await exchange.whose(unknown()).catch(() => null)
      if (now && now.id !== user?.id && epoch === at) take({ ...unknown(), user: now })
      return now?.id === user?.id
    },
    giveUp(used) {
      hopeless = markOf(used)
    },
    async signIn(session) {
      const user = session.user ?? (await exchange.whose(session))
      // What started before is too late, and is not to be started again.
      known = Promise.resolve()
      attend()
      await keep({ ...session, user })
      return { status: 'signed-in', user, session: session.session ?? null }
    },
    async forget(reason, everyone) {
      known = Promise.resolve()
      await forget(reason, everyone)
    },
    async refresh() {
      await knowing()
      await refresh()
    },
    learn(user) {
      const held = book.held()
      if (held?.user?.id === user.id) {
        const next = { ...held, user }
        book.hold(next)
        void amend(next).catch(ignore)
      }
    },
    renewed(headers, used) {
      const token = headers.get('x-session-token')
      const held = book.held()
      if (!token || !held || !used || markOf(held) !== markOf(used)) return
      const lifetime = lifetimeOf(headers.get('x-session-expires-at'), headers)
      void keep({ ...held, accessToken: token, receivedAt: surroundings.now(), lifetime }).catch(ignore)
    },
    close() {
      book.close()
      times.stop()
      stopListening?.()
      tabs.close()
    },
  }
}

function ignore(): void {}

/** `next`, or null where it is another's: what somebody began is never done by somebody else. */
function ofSameUser({ user }: StoredSession, next: StoredSession | null): StoredSession | null {
  return user && next?.user && next.user.id !== user.id ? null : next
}

/** A refusal of what was looked up says no more than that there is nothing. */
function ifRefused(error: unknown): false {
  if (isRefused(error)) return false
  throw error
}
