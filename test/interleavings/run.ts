import type { Config } from '../../src/config/config.js'
import type { ClientContext } from '../../src/contract/identity.js'
import type { Keyring } from '../../src/features/keys/key-service.js'
import { parseToken } from '../../src/features/tokens/token-service.js'
import type { IssuedTokens } from '../../src/features/tokens/token-types.js'
import type { ManualClock } from '../../src/runtime/clock.js'
import type { Storage } from '../../src/storage/storage.js'
import { type Held, History, type Outcome, type Timed, type Tokens } from './history.js'
import { codeOf, skewed, TENANT } from './laboratory.js'
import { composeNode, type Node } from './node.js'
import { type Act, type Plan, type Planned, ROLES } from './plan.js'
import { Bus, steppingStorage } from './stepping-storage.js'
import { Course, type Delay, Party, settled, Turns } from './turns.js'

const MOST_TURNS = 20_000
/** Two entries of the cache, and nearly none. */
const TINY = 3_000
const ROOMY = 1_000_000

interface Member {
  readonly party: Party
  readonly node: Node
  readonly ready: Promise<void>
}

interface Parts {
  readonly plan: Plan
  /** Ids of the users. */
  readonly people: readonly string[]
  readonly storage: Storage
  readonly keyring: Keyring
  readonly clock: ManualClock
  readonly config: Config
}

/** One schedule, played over production code. */
export class Run {
  readonly history = new History()
  readonly #parts: Parts
  readonly #turns: Turns
  readonly #bus: Bus
  readonly #members: Member[] = []
  readonly #open = new Set<{ readonly party: Party; readonly course: Course }>()
  #choice = 0
  #requests = 0
  /** Of the act that begins. */
  #delay: Delay | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const { choices } = parts.plan
    // When the choices run out, who waited longest goes first.
    this.#turns = new Turns((options) => (choices[this.#choice++] ?? 0) % options)
    this.#bus = new Bus(this.#turns)
    for (let node = 0; node < parts.plan.nodes; node++) this.#members.push(this.#boot(node))
  }

  async play(): Promise<void> {
    const { plan } = this.#parts
    const firsts: Act[] = [0, 1, 0].map((user, node) => ({ kind: 'sign-in', node, user }))
    await this.#playAll([...firsts.map((act) => ({ act, delay: null, waits: false })), ...plan.acts])
    await this.#playAll(this.#lastQuestions().map((act) => ({ act, delay: null, waits: true })))
    this.history.turns = this.#turns.now
  }

  /** At rest: everybody shows every token that may still be good, at every node. */
  #lastQuestions(): readonly Act[] {
    const questions: Act[] = []
    this.history.sessions.forEach((_, session) => {
      for (const { party } of this.#members) questions.push({ kind: 'authenticate', node: party.node, session, age: 0 })
      for (const age of [1, 2]) questions.push({ kind: 'refresh', node: session, session, age })
    })
    return questions
  }

  async #playAll(planned: readonly Planned[]): Promise<void> {
    let next = 0
    for (;;) {
      await settled()
      const one = planned[next]
      const mayBegin = one !== undefined && !(one.waits && this.#isAnybodyWaiting())
      const begin = mayBegin
        ? () => {
            next++
            this.#delay = one.delay
            this.#begin(one.act)
          }
        : null
      if (!this.#turns.give(begin)) break
      if (this.#turns.now > MOST_TURNS) throw new Error('the schedule never came to rest')
    }
    if (next < planned.length || this.#open.size > 0) throw new Error('somebody waits for ever')
  }

  #isAnybodyWaiting(): boolean {
    return [...this.#open].some(
      ({ party, course }) => Math.max(party.pausedUntil, course.delayedUntil) <= this.#turns.now,
    )
  }

  #boot(index: number): Member {
    const { storage, keyring, clock, config, plan } = this.#parts
    const party = new Party(index, this.#turns.now)
    const step = () => this.#turns.step(party)
    const node = composeNode({
      storage: steppingStorage(storage, party, this.#turns, this.#bus),
      clock: skewed(clock, plan.skews[index] ?? 0),
      config,
      cacheBytes: plan.hasTinyCache ? TINY : ROOMY,
      keyring: {
        ...keyring,
        sessionKey: (id) => step().then(() => keyring.sessionKey(id)),
        signingKey: () => step().then(() => keyring.signingKey()),
      },
    })
    const ready = node.revocations.start()
    ready.catch(() => undefined)
    return { party, node, ready }
  }

  #begin(act: Act): void {
    switch (act.kind) {
      case 'pass':
        this.#parts.clock.advance(act.milliseconds)
        return
      case 'pause':
        this.#member(act.node).party.pausedUntil = this.#turns.now + act.turns
        return
      case 'restart':
        this.#restart(act.node)
        return
      case 'poll':
        this.#do(
          act.node,
          ({ revocations }) => revocations.sync(),
          () => undefined,
        )
        return
      case 'sign-in':
        this.#signIn(act.node, this.#person(act.user))
        return
      case 'authenticate':
      case 'refresh':
        this.#present(act)
        return
      case 'revoke': {
        const session = this.#session(act.session)
        if (session === null) return
        this.#do(
          act.node,
          ({ sessions }, client) =>
            sessions.end(TENANT, session.id, { reason: 'administrator', actorId: null, client }),
          (timed, outcome) =>
            this.history.endings.push({ ...timed, sessionId: session.id, userId: session.userId, outcome }),
        )
        return
      }
      case 'disable': {
        const userId = this.#person(act.user)
        this.#do(
          act.node,
          ({ admin }, client) => admin.setDisabled(TENANT, userId, true, { actorId: null, client }),
          (timed, outcome) => this.history.endings.push({ ...timed, sessionId: null, userId, outcome }),
        )
        return
      }
      case 'grant': {
        const userId = this.#person(act.user)
        const role = ROLES[act.role] ?? ROLES[0]
        this.#do(
          act.node,
          ({ audit, access }, client) =>
            audit.transaction((tx, record) =>
              access.grant(TENANT, tx, record, { userId, role, actorId: null, client }),
            ),
          (timed, outcome) => this.history.grants.push({ ...timed, userId, value: role, outcome }),
        )
        return
      }
      case 'rename':
        this.#rename(act.node, this.#person(act.user))
        return
    }
  }

  #restart(index: number): void {
    const { party } = this.#member(index)
    this.#bus.leave(party)
    this.#turns.kill(party)
    this.#members[party.node] = this.#boot(party.node)
  }

  #signIn(node: number, userId: string): void {
    this.#do(
      node,
      async ({ audit, signIn }, client) => {
        const user = { userId, credentialVersion: 1, methods: ['password'], remember: true, client } as const
        const opening = await audit.transaction((tx, record) => signIn.open(TENANT, tx, record, user))
        return 'refused' in opening ? null : tokensOf(await signIn.finish(TENANT, opening.sessionId, client))
      },
      (_, outcome) => {
        if (outcome.kind !== 'done' || outcome.result === null) return
        const { sessionId, ...tokens } = outcome.result
        this.history.sessions.push({ id: sessionId, userId, tokens: [tokens] })
      },
    )
  }

  #present(act: Extract<Act, { readonly age: number }>): void {
    const session = this.#session(act.session)
    const token = session?.tokens.at(-1 - Math.min(act.age, session.tokens.length - 1))
    if (session === null || token === undefined) return
    const { counter } = token
    if (act.kind === 'authenticate') {
      this.#do(
        act.node,
        ({ tokens }, client) => tokens.authenticate(token.access, null, { client }),
        (timed, outcome) => this.history.authentications.push({ ...timed, session, counter, outcome }),
      )
      return
    }
    this.#do(
      act.node,
      async ({ tokens }, client) => tokensOf(await tokens.refresh(token.refresh, null, client)),
      (timed, outcome) => {
        this.history.refreshes.push({ ...timed, session, counter, outcome })
        if (outcome.kind === 'done') hold(session, outcome.result)
      },
    )
  }

  #rename(node: number, userId: string): void {
    const name = `name ${this.#requests}`
    this.#do(
      node,
      ({ audit, users }, client) =>
        audit.transaction(async (tx, record) => {
          await users.update(TENANT, tx, userId, { username: name })
          const of = { tenantId: TENANT.tenantId, actorId: userId, userId, sessionId: null, client }
          await record({ ...of, type: 'user.updated' })
        }),
      (timed, outcome) => this.history.renames.push({ ...timed, userId, value: name, outcome }),
    )
  }

  /** Begins something at a node and notes how it ends. */
  #do<Result>(
    index: number,
    work: (node: Node, client: ClientContext) => Promise<Result>,
    note: (timed: Timed, outcome: Outcome<Result>) => void,
  ): void {
    const { party, node, ready } = this.#member(index)
    const course = new Course(this.#delay)
    const mark = { party, course }
    const requestId = `request ${++this.#requests}`
    const client = { ipAddress: null, userAgent: null, requestId }
    this.#open.add(mark)
    const { clock } = this.#parts
    let began = this.#turns.now
    let beganAt = clock.now()
    const end = (outcome: Outcome<Result>) => {
      this.#open.delete(mark)
      const { node: number, born } = party
      const ended = { ended: this.#turns.now, endedAt: clock.now() }
      note({ requestId, node: number, born, began, beganAt, ...ended }, party.isDead ? { kind: 'lost' } : outcome)
    }
    ready
      .then(() => {
        began = this.#turns.now
        beganAt = clock.now()
        return this.#turns.follow(course, () => work(node, client))
      })
      .then(
        (result) => end({ kind: 'done', result }),
        (error: unknown) => {
          const code = codeOf(error)
          if (code === null && !party.isDead) this.history.broken.push(String(error))
          end({ kind: 'refused', code: code ?? 'broken' })
        },
      )
  }

  #member(index: number): Member {
    const member = this.#members[index % this.#members.length]
    if (member === undefined) throw new Error('a run has nodes')
    return member
  }

  #person(index: number): string {
    return this.#parts.people[index] ?? ''
  }

  #session(index: number): Held | null {
    const { sessions } = this.history
    return sessions[index % Math.max(1, sessions.length)] ?? null
  }
}

function tokensOf(issued: IssuedTokens): Tokens & { readonly sessionId: string } {
  const counter = parseToken(issued.refreshToken)?.counter ?? 0
  return { sessionId: issued.sessionId, counter, access: issued.accessToken, refresh: issued.refreshToken }
}

/** Keeps the tokens in the order of their pairs. */
function hold({ tokens }: Held, given: Tokens): void {
  if (tokens.every(({ counter }) => counter !== given.counter)) tokens.push(given)
  tokens.sort((left, right) => left.counter - right.counter)
}
