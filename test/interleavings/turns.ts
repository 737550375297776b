import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'

/** Thrown into whatever a process was doing when it was killed. */
class Killed extends Error {}

/** One process: what it does goes on only when it is given a turn. */
export class Party {
  readonly node: number
  /** The turn at which it was started. */
  readonly born: number
  pausedUntil = 0
  isDead = false

  constructor(node: number, born: number) {
    this.node = node
    this.born = born
  }
}

/** One answer in this act's course that is long on its way. */
export interface Delay {
  /** The step that is delayed, counted from 0. */
  readonly step: number
  readonly turns: number
}

/** Something that somebody does, from its beginning to its answer. */
export class Course {
  delayedUntil = 0
  #delay: Delay | null
  #steps = 0

  constructor(delay: Delay | null) {
    this.#delay = delay
  }

  /** Until which turn its next step is delayed. */
  nextStep(now: number): number {
    if (this.#delay === null || this.#steps++ < this.#delay.step) return 0
    this.delayedUntil = now + this.#delay.turns
    this.#delay = null
    return this.delayedUntil
  }
}

interface Step {
  readonly party: Party
  readonly notBefore: number
  go(): void
  fail(error: Error): void
}

/** One for all schedules: each costs every promise a little, for ever. */
const COURSE = new AsyncLocalStorage<Course>()

/** Everything that waits, and who may go on next. Between two turns nothing moves. */
export class Turns {
  #now = 0
  #steps: Step[] = []
  readonly #choose: (options: number) => number

  /** @param choose a number from 0 up to, not including, the number of options */
  constructor(choose: (options: number) => number) {
    this.#choose = choose
  }

  get now(): number {
    return this.#now
  }

  /** A choice that is no turn, such as whether a hint is lost. */
  choose(options: number): number {
    return this.#choose(options)
  }

  /** Waits for a turn. @throws Killed when the process has died meanwhile */
  step(party: Party): Promise<void> {
    if (party.isDead) return Promise.reject(new Killed())
    const notBefore = COURSE.getStore()?.nextStep(this.#now) ?? 0
    return new Promise((go, fail) => this.#steps.push({ party, notBefore, go, fail }))
  }

  /** Does something in its own course. */
  follow<Result>(course: Course, work: () => Promise<Result>): Promise<Result> {
    return COURSE.run(course, work)
  }

  kill(party: Party): void {
    party.isDead = true
    const theirs = this.#steps.filter((step) => step.party === party)
    this.#steps = this.#steps.filter((step) => step.party !== party)
    for (const step of theirs) step.fail(new Killed())
  }

  /** Gives one turn, to a waiting step or to `begin`. False where nothing can go on. @param begin starts something new */
  give(begin: (() => void) | null): boolean {
    const able = this.#steps.filter(({ party, notBefore }) => Math.max(party.pausedUntil, notBefore) <= this.#now)
    // Where everybody is paused or delayed, that is over.
    const steps = able.length === 0 && begin === null ? this.#steps : able
    const options = steps.length + (begin === null ? 0 : 1)
    if (options === 0) return false
    this.#now++
    const step = steps[this.#choose(options)]
    if (step === undefined) begin?.()
    else {
      this.#steps.splice(this.#steps.indexOf(step), 1)
      step.go()
    }
    return true
  }
}

let signing = 0
const { subtle } = globalThis.crypto
const sign = subtle.sign.bind(subtle)
// The one thing here that runs on another thread: it is waited for, so that a schedule is the same each time.
subtle.sign = async (...given) => {
  signing++
  try {
    return await sign(...given)
  } finally {
    signing--
  }
}

let immediates = 0
const { setImmediate: original } = globalThis
// Likewise: on a slow machine the turn at the database is handed on by the event loop.
globalThis.setImmediate = Object.assign((work: (...given: unknown[]) => void, ...given: unknown[]) => {
  immediates++
  return original(() => {
    immediates--
    work(...given)
  })
}, original)

/** Resolves when every promise that could go on has done so. */
export async function settled(): Promise<void> {
  do await turnOfTheLoop()
  while (signing > 0 || immediates > 0)
}
