import {
  type CompiledQuery,
  DefaultQueryExecutor,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Storage } from '../../src/storage/storage.js'
import type { Tables } from '../../src/storage/tables.js'
import type { Party, Turns } from './turns.js'

/** Carries hints between processes: each is lost, comes once or twice, and waits for its turn. */
export class Bus {
  readonly #turns: Turns
  readonly #listeners = new Map<Party, () => void>()

  constructor(turns: Turns) {
    this.#turns = turns
  }

  listen(party: Party, hint: () => void): void {
    this.#listeners.set(party, hint)
  }

  leave(party: Party): void {
    this.#listeners.delete(party)
  }

  send(): void {
    for (const [party, hint] of this.#listeners) {
      for (let copies = this.#turns.choose(3); copies > 0; copies--) {
        this.#turns.step(party).then(hint, () => undefined)
      }
    }
  }
}

/** The real storage as one process sees it: every call waits for a turn before and after. */
export function steppingStorage(inner: Storage, party: Party, turns: Turns, bus: Bus): Storage {
  const step = () => turns.step(party)
  const around = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await step()
    const result = await work()
    await step()
    return result
  }
  const announced = new WeakSet<object>()
  const dialect = {
    createDriver: () => new DummyDriver(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  }
  const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), {
    provideConnection: (consumer) => around(() => inner.db.getExecutor().provideConnection(consumer)),
  })
  return {
    ...inner,
    db: new Kysely<Tables>({ config: { dialect }, dialect, driver: dialect.createDriver(), executor }),
    async transaction(work) {
      await step()
      let isAnnounced = false
      const result = await inner.transaction(async (tx) => {
        const result = await work(tx)
        await step()
        isAnnounced = announced.has(tx)
        return result
      })
      if (isAnnounced) bus.send()
      await step()
      return result
    },
    prepare<Row>(name: string, query: CompiledQuery<Row>) {
      const run = inner.prepare<Row>(name, query)
      return (parameters, tx) => (tx === undefined ? around(() => run(parameters)) : run(parameters, tx))
    },
    async announce(tx) {
      announced.add(tx)
    },
    async listen(hint) {
      bus.listen(party, hint)
      return { isListening: () => true, close: async () => bus.leave(party) }
    },
    close: async () => undefined,
  }
}
