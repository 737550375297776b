import { onTestFinished } from 'vitest'
import type { Client, ClientEvent, ClientOptions, Fetch } from '../../src/client/client-types.js'
import { composeClient } from '../../src/client/create-client.js'
import type { CredentialStorage } from '../../src/client/storage-types.js'
import { cookieStorage, localStorageAdapter, memoryStorage } from '../../src/client/storages.js'
import type { Channel, KeyValues, Locks, PageEvent, Surroundings } from '../../src/client/surroundings.js'
import { TEST_ORIGIN, type TestAuth } from '../../src/testing/index.js'
import { Browser } from '../flows/browser.js'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: string
}

/** Stands between the tabs and the server. `send` hands on. */
export type Network = (sent: Sent, send: () => Promise<Response>) => Promise<Response>

export interface TabOptions extends Partial<ClientOptions> {
  readonly kind?: 'memory' | 'cookie' | 'localStorage'
  readonly locks?: boolean
  readonly channel?: boolean
}

/** A page of the application with a client of its own. */
export interface Tab {
  readonly client: Client
  readonly events: ClientEvent[]
  hidden: boolean
  emit(event: PageEvent): void
}

interface Timer {
  readonly at: number
  readonly run: () => void
  readonly isAwaited: boolean
}

/** A browser with its tabs, on a machine whose clock need not be right; time passes there and at the server together. */
export class Device {
  /** How wrong its clock is, milliseconds. */
  clockError = 0
  network: Network = (_sent, send) => send()
  random = () => 0.5
  readonly requests: string[] = []
  readonly messages: unknown[] = []
  readonly stored = new Map<string, string>()
  readonly browser: Browser
  readonly #auth: TestAuth
  readonly #timers = new Set<Timer>()
  readonly #pages = new Set<ReadonlySet<(event: PageEvent) => void>>()
  readonly #channels = new Set<{ readonly name: string; channel: Channel }>()
  readonly #locked = new Map<string, Promise<unknown>>()
  #elapsed = 0
  #underWay = 0

  constructor(auth: TestAuth) {
    this.#auth = auth
    this.browser = new Browser(auth)
  }

  tab({ kind = 'memory', locks = true, channel = true, ...options }: TabOptions = {}): Tab {
    const events: ClientEvent[] = []
    const listeners = new Set<(event: PageEvent) => void>()
    const keyValues = this.#keyValues(listeners)
    const surroundings: Surroundings = {
      now: () => Date.UTC(2030, 0, 1) + this.#elapsed + this.clockError,
      random: () => this.random(),
      later: (milliseconds, run, isAwaited) => this.#later(milliseconds, run, isAwaited),
      fetch: () => this.fetch,
      socket: () => null,
      locks: () => (locks ? this.#locks() : null),
      channel: (name) => (channel ? this.#channel(name) : null),
      keyValues: () => keyValues,
      address: () => `${TEST_ORIGIN}/app/`,
      isHidden: () => tab.hidden,
      listen(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    const storages: Record<string, () => CredentialStorage> = {
      memory: memoryStorage,
      cookie: () => cookieStorage(keyValues),
      localStorage: () => localStorageAdapter(keyValues),
    }
    const storage = storages[kind]?.() ?? memoryStorage()
    const onEvent = (event: ClientEvent) => void events.push(event)
    const client = composeClient({ baseUrl: TEST_ORIGIN, storage, onEvent, ...options }, surroundings)
    const tab: Tab = {
      client,
      events,
      hidden: false,
      emit: (event) => {
        for (const listener of listeners) listener(event)
      },
    }
    this.#pages.add(listeners)
    onTestFinished(() => client.close())
    return tab
  }

  /** As the browser sends it: its cookies, where they are to go along, and the page's origin. */
  readonly fetch: Fetch = async (input, init = {}) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const { method, headers } = request
    this.requests.push(`${method} ${url.pathname}${url.search}`)
    const body = await request.text()
    const send = async () => {
      if (init.credentials === 'include') {
        const json = body === '' ? {} : { json: JSON.parse(body) }
        return this.browser.send(method, url.pathname + url.search, { ...json, headers: Object.fromEntries(headers) })
      }
      if (method !== 'GET') headers.set('origin', TEST_ORIGIN)
      return this.#auth.request(url.pathname + url.search, { method, headers, ...(body !== '' && { body }) })
    }
    this.#underWay++
    try {
      return await this.network({ method, path: url.pathname, headers, body }, send)
    } finally {
      this.#underWay--
    }
  }

  /** Nothing, for ever; whoever waits for it is not waited for. */
  never(): Promise<never> {
    this.#underWay--
    return new Promise(() => undefined)
  }

  /** How often something was asked for, such as `POST /auth/refresh`. */
  count(request: string): number {
    return this.requests.filter((sent) => sent === request).length
  }

  /** Timers for which a program of Node goes on. */
  get awaited(): number {
    return [...this.#timers].filter(({ isAwaited }) => isAwaited).length
  }

  /** Lets time pass, for the server too, with whatever timers have to do meanwhile. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds
    for (;;) {
      await this.idle()
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#move(next.at)
      next.run()
    }
    this.#move(end)
    await this.idle()
  }

  /** Until nothing is under way but what waits for a timer. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 8; quiet++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#underWay > 0) quiet = 0
    }
  }

  #move(to: number): void {
    if (to <= this.#elapsed) return
    this.#auth.clock.advance(to - this.#elapsed)
    this.#elapsed = to
  }

  #later(milliseconds: number, run: () => void, isAwaited = false): () => void {
    const timer = { at: this.#elapsed + milliseconds, run, isAwaited }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  #keyValues(own: ReadonlySet<(event: PageEvent) => void>): KeyValues {
    const changed = () => {
      setImmediate(() => {
        for (const listeners of this.#pages)
          if (listeners !== own) for (const listener of listeners) listener('storage')
      })
    }
    return {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => {
        this.stored.set(key, value)
        changed()
      },
      removeItem: (key) => {
        if (this.stored.delete(key)) changed()
      },
    }
  }

  #locks(): Locks {
    return {
      request: async (name, { signal }, run) => {
        const before = this.#locked.get(name) ?? Promise.resolve()
        const turn = Promise.race([
          before.catch(() => undefined),
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]).then(run)
        this.#locked.set(
          name,
          turn.catch(() => before),
        )
        return turn
      },
    }
  }

  #channel(name: string): Channel {
    const channel: Channel = {
      onmessage: () => undefined,
      postMessage: (message) => {
        this.messages.push(message)
        for (const other of this.#channels) {
          if (other.name !== name || other.channel === channel) continue
          setImmediate(() => this.#channels.has(other) && other.channel.onmessage({ data: structuredClone(message) }))
        }
      },
      close: () => void this.#channels.delete(own),
    }
    const own = { name, channel }
    this.#channels.add(own)
    return channel
  }
}

/** Ends every session of an account, from yet another device. */
export async function endSessions(auth: TestAuth, account: { readonly email: string; readonly password: string }) {
  const { accessToken } = await auth.api.login(account)
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await auth.request('/auth/sessions', { method: 'DELETE', headers })
  if (!answer.ok) throw new Error(`The sessions were not ended: ${answer.status}`)
}
