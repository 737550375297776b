import type { Connection } from './websocket-connection.js'

/** The connections that have authenticated, by user and by session. */
export class SocketRegistry {
  readonly #all = new Set<Connection>()
  readonly #users = new Index()
  readonly #sessions = new Index()

  get size(): number {
    return this.#all.size
  }

  add(connection: Connection): void {
    const { userId, sessionId } = connection.identity
    this.#all.add(connection)
    this.#users.add(userId, connection)
    this.#sessions.add(sessionId, connection)
  }

  /** Files the connection under another session of the same user. */
  move(connection: Connection, from: string, to: string): void {
    if (from === to || !this.#all.has(connection)) return
    this.#sessions.delete(from, connection)
    this.#sessions.add(to, connection)
  }

  delete(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const { userId, sessionId } = connection.identity
    this.#users.delete(userId, connection)
    this.#sessions.delete(sessionId, connection)
  }

  ofUser(userId: string): readonly Connection[] {
    return this.#users.get(userId)
  }

  ofSession(sessionId: string): readonly Connection[] {
    return this.#sessions.get(sessionId)
  }

  ofTenant(tenantId: string): readonly Connection[] {
    return [...this.#all].filter(({ identity }) => identity.tenantId === tenantId)
  }

  all(): readonly Connection[] {
    return [...this.#all]
  }

  countsByUser(): readonly { readonly tenantId: string; readonly userId: string; readonly count: number }[] {
    return this.#users.entries().flatMap(([userId, [first, ...others]]) => {
      return first === undefined ? [] : [{ tenantId: first.identity.tenantId, userId, count: 1 + others.length }]
    })
  }
}

/** Nearly every user has one connection: a set for each would be most of what an idle one takes. */
class Index {
  readonly #entries = new Map<string, Connection | Set<Connection>>()

  add(key: string, connection: Connection): void {
    const known = this.#entries.get(key)
    if (known === undefined) this.#entries.set(key, connection)
    else if (known instanceof Set) known.add(connection)
    else if (known !== connection) this.#entries.set(key, new Set([known, connection]))
  }

  delete(key: string, connection: Connection): void {
    const known = this.#entries.get(key)
    if (known === connection) this.#entries.delete(key)
    if (!(known instanceof Set)) return
    known.delete(connection)
    if (known.size === 0) this.#entries.delete(key)
  }

  get(key: string): readonly Connection[] {
    const known = this.#entries.get(key)
    if (known === undefined) return []
    return known instanceof Set ? [...known] : [known]
  }

  entries(): [string, readonly Connection[]][] {
    return [...this.#entries.keys()].map((key) => [key, this.get(key)])
  }
}
