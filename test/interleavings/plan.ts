import fc from 'fast-check'
import type { Delay } from './turns.js'

/** What somebody does, or what happens. Sessions, users and tokens are counted from the first, and round again. */
export type Act =
  | { readonly kind: 'sign-in' | 'disable' | 'rename'; readonly node: number; readonly user: number }
  | { readonly kind: 'grant'; readonly node: number; readonly user: number; readonly role: number }
  | {
      readonly kind: 'authenticate' | 'refresh'
      readonly node: number
      readonly session: number
      /** 0 for the newest token that anybody has been given, 1 for the one before, and so on. */
      readonly age: number
    }
  | { readonly kind: 'revoke'; readonly node: number; readonly session: number }
  | { readonly kind: 'poll' | 'restart'; readonly node: number }
  | { readonly kind: 'pause'; readonly node: number; readonly turns: number }
  | { readonly kind: 'pass'; readonly milliseconds: number }

export interface Planned {
  readonly act: Act
  readonly delay: Delay | null
  /** Not before everything earlier is answered, but for what a paused process owes. */
  readonly waits: boolean
}

/** One schedule: the same plan is the same run. */
export interface Plan {
  readonly mode: 'stateful' | 'stateless'
  readonly nodes: number
  /** How far each node's clock is ahead of the database's, in milliseconds. */
  readonly skews: readonly number[]
  readonly hasTinyCache: boolean
  readonly acts: readonly Planned[]
  /** Who goes next, taken modulo the number of those who could. */
  readonly choices: readonly number[]
}

const MOST_NODES = 3
export const ROLES = ['admin', 'superadmin'] as const

const node = fc.constantFrom(0, 0, 0, 1, 1, 2)
const user = fc.nat({ max: 1 })
const session = fc.constantFrom(0, 0, 0, 1, 1, 2, 3)
const age = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 2 }) })

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('authenticate' as const), node, session, age }) },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('refresh' as const), node, session, age }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('revoke' as const), node, session }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sign-in' as const), node, user }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disable' as const), node, user }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('grant' as const), node, user, role: fc.nat({ max: ROLES.length - 1 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('rename' as const), node, user }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('poll' as const), node }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), node }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pause' as const), node, turns: fc.integer({ min: 5, max: 60 }) }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(50, 900, 1_500, 2_100, 2_100, 6_000, 10_000),
    }),
  },
)

const delay = fc.option(fc.record({ step: fc.nat({ max: 3 }), turns: fc.integer({ min: 5, max: 60 }) }), { freq: 4 })

const skew = fc.constantFrom(0, 0, 300, 4_000, -300, -4_000)

export const plan: fc.Arbitrary<Plan> = fc.record({
  mode: fc.constantFrom('stateful', 'stateless'),
  nodes: fc.integer({ min: 1, max: MOST_NODES }),
  skews: fc.array(skew, { minLength: MOST_NODES, maxLength: MOST_NODES }),
  hasTinyCache: fc.boolean(),
  acts: fc.array(fc.record({ act, delay, waits: fc.boolean() }), { minLength: 4, maxLength: 40, size: 'max' }),
  choices: fc.array(fc.nat({ max: 5_039 }), { minLength: 0, maxLength: 400, size: 'max' }),
})
