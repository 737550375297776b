import { randomBytes } from 'node:crypto'
import type { Caller } from './caller.js'
import type { Act } from './history.js'
import type { Random } from './random.js'

/** Somebody whose registration was answered. */
interface Person {
  readonly email: string
  readonly password: string
}

let people = 0

/** A password that looks different in a URL, in JSON and in base64. */
function newPassword(): string {
  return `${randomBytes(9).toString('base64url')} é/+%"\\${randomBytes(9).toString('base64url')}`
}

function newPerson(): Person {
  return { email: `person-${process.pid}-${++people}@example.com`, password: newPassword() }
}

/** Many people at once who register, sign in, refresh, sign out, and never stop by themselves. */
export class Load {
  readonly #caller: Caller
  readonly #random: Random
  readonly #known: Person[] = []
  #running = false

  constructor(caller: Caller, random: Random) {
    this.#caller = caller
    this.#random = random
  }

  /** Requests under way at any moment: each worker sends its next one when the last is answered. */
  start(workers: number): { stop(): Promise<void> } {
    this.#running = true
    const work = Promise.all(Array.from({ length: workers }, () => this.#work()))
    return {
      stop: async () => {
        this.#running = false
        await work
      },
    }
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const person = this.#random.chance(0.35) ? this.#random.pick(this.#known) : undefined
      if (person === undefined) await this.#newcomer()
      else await this.#session(person, await this.#caller.login(person.email, person.password))
    }
  }

  async #newcomer(): Promise<void> {
    const person = newPerson()
    const registering = [this.#caller.register(person.email, person.password)]
    // Now and then two want one address at once, each with a password of their own.
    if (this.#random.chance(0.1)) registering.push(this.#caller.register(person.email, newPassword()))
    const acts = await Promise.all(registering)
    const act = acts.find(({ outcome }) => outcome === 'ok')
    if (act === undefined) return
    const registered = { email: person.email, password: act.password ?? '' }
    this.#known.push(registered)
    await this.#session(registered, act)
  }

  /** What somebody does with a session, until it is ended or a request is cut off. */
  async #session({ email }: Person, { given }: Act): Promise<void> {
    const caller = this.#caller
    let pair = given
    for (let step = this.#random.between(0, 4); step > 0 && this.#running; step--) {
      if (pair?.access == null || pair.refresh == null) return
      const { access, refresh, sessionId } = pair
      const dice = this.#random.next()
      if (dice < 0.45) pair = (await caller.refresh(email, refresh)).given
      else if (dice < 0.55) {
        // Two tabs: both present the same token, and both get the same pair.
        const [first] = await Promise.all([caller.refresh(email, refresh), caller.refresh(email, refresh)])
        pair = first.given
      } else if (dice < 0.7) await caller.use(email, access)
      else if (dice < 0.85) {
        await caller.logout(email, access)
        return
      } else if (dice < 0.95) {
        await caller.revoke(email, access, sessionId)
        return
      } else {
        await caller.revokeAll(email, access)
        return
      }
    }
  }
}
