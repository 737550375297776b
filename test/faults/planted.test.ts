import { rmSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Deployment } from './deployment.js'
import { killServer, runFaults } from './kill-run.js'
import { type Edit, plant } from './program.js'
import type { Rule } from './violation.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Many acts share one commit that comes later, and nobody waits for it. */
const ANSWERS_BEFORE_THE_COMMIT: readonly Edit[] = [
  {
    file: 'storage/sqlite/sqlite-connection.js',
    from: "return this.#patiently(() => this.#handle.run('BEGIN IMMEDIATE'), patience);",
    to: `return this.#patiently(() => {
      if (!this.#handle.inTransaction) this.#handle.run('BEGIN IMMEDIATE');
      this.#handle.run('SAVEPOINT one');
      this.busy = true;
    }, patience);`,
  },
  {
    file: 'storage/sqlite/sqlite-connection.js',
    from: "return this.#patiently(() => this.#handle.run('COMMIT'));",
    to: `return this.#patiently(() => {
      this.#handle.run('RELEASE one');
      this.busy = false;
      const later = () => this.busy ? setTimeout(later, 1) : this.#handle.inTransaction && this.#handle.run('COMMIT');
      this.timer ??= setTimeout(() => { this.timer = undefined; later(); }, 300);
    });`,
  },
  {
    file: 'storage/sqlite/sqlite-connection.js',
    from: `if (this.#handle.inTransaction)
            this.#handle.run('ROLLBACK');`,
    to: "if (this.busy) { this.#handle.run('ROLLBACK TO one; RELEASE one'); this.busy = false; }",
  },
  // The one write outside a transaction is told from a transaction by that.
  {
    file: 'storage/sqlite/sqlite-connection.js',
    from: 'if (this.#handle.inTransaction || READ.test(sql))',
    to: 'if (this.busy || READ.test(sql))',
  },
]

/** Puts methods over those of the service that keeps sessions; `service` is the real one. */
function overSessions(state: string, methods: string): readonly Edit[] {
  return [
    {
      file: 'features/sessions/session-service.js',
      from: 'export function createSessionService(',
      to: `export function createSessionService(parts) {
        const service = createRealService(parts);
        ${state}
        return { ...service, ${methods} };
      }
      function createRealService(`,
    },
  ]
}

/** Who is signed out is remembered by the process alone. */
const FORGETS_LOGOUTS = overSessions(
  'const ended = new Set();',
  `async end(scope, id) {
    ended.add(id);
    return true;
  },
  async find(...given) {
    const found = await service.find(...given);
    return found && ended.has(found.session.id) ? { ...found, session: { ...found.session, revokedAt: 1 } } : found;
  }`,
)

/** The refresh is answered from memory and written a little later. */
const REFRESHES_WITHOUT_WAITING = overSessions(
  'const counters = new Map();',
  `async advance(found, ...rest) {
    setTimeout(() => service.advance(found, ...rest).catch(() => {}), 300);
    const counter = found.session.counter + 1;
    counters.set(found.session.id, counter);
    return { ...found, session: { ...found.session, counter, spends: [...found.session.spends, found.now] } };
  },
  async find(...given) {
    const found = await service.find(...given);
    const counter = counters.get(found?.session.id) ?? 0;
    if (!found || counter <= found.session.counter) return found;
    return { ...found, session: { ...found.session, counter, spends: [...found.session.spends, found.now] } };
  }`,
)

const PLANTED: readonly (readonly [string, readonly Edit[], readonly Rule[]])[] = [
  ['answers before the commit', ANSWERS_BEFORE_THE_COMMIT, ['account_lost', 'token_lost', 'row_missing']],
  ['forgets a logout when it ends', FORGETS_LOGOUTS, ['dead_came_alive']],
  ['answers a refresh before it is written', REFRESHES_WITHOUT_WAITING, ['token_lost']],
]

it.each(PLANTED)(
  'a server that %s is found',
  async (_title, edits, rules) => {
    const program = plant(edits)
    closers.push(() => program.remove())
    const deployment = new Deployment({ program: program.path })
    closers.push(() => deployment.remove())
    const run = await runFaults(deployment, 1, (caller) => killServer(deployment, caller))
    rmSync(run.record, { force: true })
    expect(run.violations.map(({ rule }) => rule)).toEqual(expect.arrayContaining([...rules]))
  },
  300_000,
)
