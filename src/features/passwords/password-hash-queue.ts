import { Histogram } from '../../runtime/histogram.js'
import type { LanePath } from './password-fair-lanes.js'
import { FairTurns, type TurnLimits } from './password-fair-turns.js'
import type { HashAlgorithm } from './password-hash.js'

/** Seconds. */
const HASH_TIMES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** How many sign-ins, for each hash at a time, are at their reading and writing: enough that no core waits for a database. */
const AHEAD = 3

/** The door-keeper of password hashing: as many hashes at once as there are cores, see `FairTurns`. */
export class PasswordHashQueue {
  readonly #hashes: FairTurns
  readonly #signIns: FairTurns
  /** What hashes took, in seconds, without their wait. */
  readonly times: Readonly<Record<HashAlgorithm, Histogram>> = {
    argon2id: new Histogram(HASH_TIMES),
    bcrypt: new Histogram(HASH_TIMES),
  }

  constructor(limits: TurnLimits) {
    const { concurrency, longest } = limits
    const ahead = Math.min(AHEAD * concurrency, longest)
    this.#hashes = new FairTurns(limits)
    this.#signIns = new FairTurns({ ...limits, concurrency: concurrency + ahead, longest: longest - ahead })
  }

  /** How many wait for their turn. */
  get depth(): number {
    return this.#hashes.depth + this.#signIns.depth
  }

  /** Runs `hash` when its turn comes. @throws as `FairTurns.run` */
  run<Result>(
    algorithm: HashAlgorithm,
    lane: LanePath,
    hash: () => Promise<Result>,
    gone?: AbortSignal,
  ): Promise<Result> {
    const timed = async () => {
      const started = performance.now()
      try {
        return await hash()
      } finally {
        this.times[algorithm].observe((performance.now() - started) / 1000)
      }
    }
    return this.#hashes.run(lane, timed, gone)
  }

  /**
   * Runs a whole sign-in, which hashes once it has written that it is about to: a few more of them at a time than hashes,
   * so that those who wait, and those who are refused in a flood, have cost no writing. @throws as `FairTurns.run`
   */
  signIn<Result>(lane: LanePath, work: () => Promise<Result>, gone?: AbortSignal): Promise<Result> {
    return this.#signIns.run(lane, work, gone)
  }

  /** Refuses whoever waits; what runs is finished. */
  close(): void {
    this.#signIns.close()
    this.#hashes.close()
  }
}
