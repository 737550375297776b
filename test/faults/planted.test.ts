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
const TRANSACTION = 'storage/sqlite/sqlite-transaction.js'
const ANSWERS_BEFORE_THE_COMMIT: readonly Edit[] = [
  {
    file: TRANSACTION,
    from: 'this.#isJoined = this.#finished.length > 0;',
    to: 'this.busy = true; this.#isJoined = this.#finished.length > 0;',
  },
  {
    file: TRANSACTION,
    from: 'if (this.#finished.length + 1 < MOST_MEMBERS && this.#mutex.passToWriter()) {',
    to: `this.#finished.push({ resolve() {}, reject() {} });
        const later = () => {
          if (this.busy) return setTimeout(later, 1);
          this.timer = undefined;
          this.#run('COMMIT');
          this.#finished = [];
        };
        this.timer ??= setTimeout(later, 3000);
        this.busy = false;
        this.#mutex.release();
        if (this) return Promise.resolve();
        {`,
  },
  {
    file: TRANSACTION,
    from: `if (!this.#isJoined) {
            try {`,
    to: `this.busy = false;
        if (!this.#isJoined) {
            try {`,
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
  ['answers before the commit', ANSWERS_BEFORE_THE_COMMIT, ['token_lost']],
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
