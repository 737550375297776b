import type { Benchmark } from '../benchmark.js'
import { median, shuffled } from '../statistics.js'
import { built } from '../subjects/built.js'

const SAMPLES = 2_000
const QUICK_SAMPLES = 300
/** What warms up is dropped. */
const DROPPED = 100
const NOWHERE = '019b0000-0000-7000-8000-00000000ffff'
const PASSWORD = 'violet-anchor-7-lantern'
const WRONG = 'violet-anchor-8-lantern'
const KNOWN = 'a known account, wrong password'

/** The sign-ins that must not be told from the first of them by the time they take, and one that must be. */
const CLASSES: Readonly<Record<string, (at: number) => Readonly<Record<string, string>>>> = {
  [KNOWN]: (at) => ({ email: `person-${at}@example.com`, password: WRONG }),
  'no such account': (at) => ({ email: `nobody-${at}@example.com`, password: WRONG }),
  'a disabled account': (at) => ({ email: `gone--${at}@example.com`, password: WRONG }),
  'no such tenant': (at) => ({ email: `person-${at}@example.com`, password: WRONG, tenant_id: NOWHERE }),
  'control: no address at all, refused before any hash': (at) => ({
    email: `person-${at}.example.com`,
    password: WRONG,
  }),
}

/**
 * How well the time of a refused sign-in tells whether there is such an account: the area under the ROC curve, 0.5 for
 * not at all and 1 for always. Each account is asked once, the classes in turns of chance. The hash is cheaper than any
 * that is configured, so that less noise hides the rest of the work.
 */
export const benchmark: Benchmark = async ({ quick, count }) => {
  const samples = (count ?? (quick ? QUICK_SAMPLES : SAMPLES)) + DROPPED
  const { composeAuth } = await built<typeof import('../../src/auth.js')>('auth.js')
  const { parseConfig } = await built<typeof import('../../src/config/config.js')>('config/config.js')
  const { auth } = await composeAuth(
    parseConfig(
      {
        secret: 'a master key for benchmarks, never for anything else',
        storage: { url: 'sqlite::memory:' },
        limits: { enabled: false },
        auth: { password: { argon2id: { memory: 1024, iterations: 1, parallelism: 1 } } },
      },
      { nodeEnv: 'test' },
    ),
  )
  for (let at = 0; at < samples; at++) {
    await auth.api.register({ email: `person-${at}@example.com`, password: PASSWORD })
    const { user } = await auth.api.register({ email: `gone--${at}@example.com`, password: PASSWORD })
    await auth.api.users.disable(user.id)
  }
  const times = new Map(Object.keys(CLASSES).map((name): [string, number[]] => [name, []]))
  for (let at = 0; at < samples; at++) {
    for (const name of shuffled(Object.keys(CLASSES))) {
      const request = new Request('http://localhost:3000/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(CLASSES[name]?.(at)),
      })
      const started = performance.now()
      const answer = await auth.handler(request)
      const taken = performance.now() - started
      if (answer.status !== 401 && answer.status !== 400) throw new Error(`${name}: ${answer.status}`)
      await answer.arrayBuffer()
      if (at >= DROPPED) times.get(name)?.push(taken)
    }
  }
  await auth.close()
  const known = times.get(KNOWN) ?? []
  const rows = Object.entries(CLASSES).map(([name]) => {
    const taken = times.get(name) ?? []
    return {
      class: name,
      samples: taken.length,
      'median, ms': median(taken).toFixed(3),
      AUC: areaUnder(known, taken).toFixed(3),
    }
  })
  return { tables: [{ title: 'A refused sign-in, told from one at a known account by its time', rows }] }
}

/** The share of pairs in which the one class takes longer than the other, from 0.5 up (Mann–Whitney's U). */
function areaUnder(left: readonly number[], right: readonly number[]): number {
  const sorted = [...left.map((time) => ({ time, isLeft: true })), ...right.map((time) => ({ time, isLeft: false }))]
  sorted.sort((one, other) => one.time - other.time)
  const rankSum = sorted.reduce((sum, { isLeft }, at) => (isLeft ? sum + at + 1 : sum), 0)
  const area = (rankSum - (left.length * (left.length + 1)) / 2) / (left.length * right.length)
  return Math.max(area, 1 - area)
}
