import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../faults/random.js'
import { BearerClient, BrowserClient, type Client, type Outcome } from './client.js'
import { type Cluster, MAX_STALENESS, type Mode } from './cluster.js'

/** Clients at work at any moment. */
const WORKERS = 16

/** When a session of the run is ended: before the switch, under it, after it, or not at all. */
type Fate = 'before' | 'under' | 'after' | 'stays'

interface Member {
  readonly client: Client
  readonly fate: Fate
  /** A sleeper does nothing while the nodes restart. */
  readonly sleeps: boolean
  /** When its end was acknowledged, and by which node. */
  ended: { readonly at: number; readonly node: number } | null
}

export interface SwitchFigures {
  readonly sessions: number
  /** Answers, by what was asked. */
  readonly answered: { use: number; refresh: number; end: number; deadToken: number }
  /** Of these, while the nodes restarted. */
  readonly underSwitch: number
  readonly converted: number
}

/** What must not happen, each as one line. */
export interface Findings {
  readonly signedOut: string[]
  readonly revokedAccepted: string[]
  readonly serverErrors: string[]
  readonly notConverted: string[]
}

/** Sessions on a cluster whose mode is changed under them. */
export class SwitchRun {
  readonly #cluster: Cluster
  readonly #random = new Random(1)
  readonly findings: Findings = { signedOut: [], revokedAccepted: [], serverErrors: [], notConverted: [] }
  #living: Member[] = []
  readonly #dead: Member[] = []
  #born = 0
  #phase = ''
  /** The longest time after its end at which a token was still honoured by a node that had not heard, milliseconds. */
  late = 0
  #answered = { use: 0, refresh: 0, end: 0, deadToken: 0 }

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** The ids of the sessions that live, and of those that were ended. */
  get sessions(): { readonly living: readonly string[]; readonly dead: readonly string[] } {
    const ids = (members: readonly Member[]) => members.map(({ client }) => client.sessionId).sort()
    return { living: ids(this.#living), dead: ids(this.#dead) }
  }

  /**
   * Opens so many sessions, half of them in browsers, changes the mode while they are at work, and then asks everything
   * of each: of those that were opened now and of those that have lived through an earlier switch.
   */
  async switchMode(newcomers: number, mode: Mode): Promise<SwitchFigures> {
    this.#answered = { use: 0, refresh: 0, end: 0, deadToken: 0 }
    this.#phase = `before ${mode}`
    await this.#open(newcomers)
    const sessions = this.#living.length
    await each(this.#living, async (member) => {
      if (member.fate === 'before') await this.#end(member)
    })
    const before = sum(this.#answered)
    await this.#underLoad(`to ${mode}`, () => this.#cluster.switchTo(mode))
    const underSwitch = sum(this.#answered) - before
    const converted = await this.#afterwards(mode)
    return { sessions, answered: this.#answered, underSwitch, converted }
  }

  async #open(count: number): Promise<void> {
    const fates: readonly Fate[] = [
      'before',
      'under',
      'under',
      'after',
      'after',
      'after',
      'stays',
      'stays',
      'stays',
      'stays',
    ]
    const born = Array.from({ length: count }, (_, index): Member => {
      const name = `member-${++this.#born}`
      const client = index % 2 === 0 ? new BearerClient(this.#cluster, name) : new BrowserClient(this.#cluster, name)
      const half = Math.floor(index / 2)
      return { client, fate: fates[half % 10] ?? 'stays', sleeps: half % 3 === 0, ended: null }
    })
    await each(born, async (member) => {
      const { status, code } = await member.client.register()
      if (status !== 201) throw new Error(`A registration was answered with ${status} ${code}`)
      await this.#use(member)
      await this.#refresh(member)
    })
    this.#living.push(...born)
  }

  /** Everybody who is awake works while `act` goes on, and the dead are tried again and again. */
  async #underLoad(phase: string, act: () => Promise<void>): Promise<void> {
    this.#phase = phase
    const idle = new Set(this.#living.filter(({ sleeps }) => !sleeps))
    let isOver = false
    const work = Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while (!isOver) {
          const member = this.#random.pick([...idle])
          if (member !== undefined) {
            idle.delete(member)
            await this.#step(member)
            if (member.ended === null) idle.add(member)
          }
          const corpse = this.#random.chance(0.2) ? this.#random.pick(this.#dead) : undefined
          if (corpse !== undefined) await this.#tryDead(corpse)
          if (member === undefined && corpse === undefined) await sleep(5)
        }
      }),
    )
    await act().finally(() => {
      isOver = true
    })
    await work
    // Whose turn had not come.
    await each(this.#living, async (member) => {
      if (member.fate === 'under') await this.#end(member)
    })
  }

  async #step(member: Member): Promise<void> {
    const dice = this.#random.next()
    if (dice < 0.6) await this.#use(member)
    else if (dice < 0.9) await this.#refresh(member)
    // Two tabs: both present the same token.
    else if (dice < 0.95) await Promise.all([this.#refresh(member), this.#refresh(member)])
    else if (member.fate === 'under') await this.#end(member)
  }

  /** Each is used on every node, refreshed, used again; then some are ended, and all that were ever are tried. */
  async #afterwards(mode: Mode): Promise<number> {
    this.#phase = `after ${mode}`
    const wanted = mode === 'stateless' ? 'jwt' : 'opaque'
    let converted = 0
    await each(this.#living, async (member) => {
      const { client } = member
      const isOld = client.format() !== wanted
      // A sleeper's credential is still of the other mode. Each use is another route: forward auth sets no cookie.
      for (const node of this.#everyNode()) {
        await this.#use(member, node)
        await this.#use(member, node)
        if (client.kind === 'browser' && client.format() !== wanted) this.#note('notConverted', member, 'by its use')
      }
      await this.#refresh(member)
      if (client.format() !== wanted) this.#note('notConverted', member, 'by a refresh')
      else if (isOld) converted++
      for (const node of this.#everyNode()) await this.#use(member, node)
    })
    await each(this.#living, async (member) => {
      if (member.fate === 'after') await this.#end(member)
    })
    const last = Math.max(0, ...this.#dead.map(({ ended }) => ended?.at ?? 0))
    await sleep(Math.max(0, last + MAX_STALENESS + 1 - performance.now()))
    await each(this.#dead, async (member) => {
      for (const token of member.client.tokens) {
        for (const node of this.#everyNode()) await this.#tryToken(member, token, node)
      }
    })
    return converted
  }

  async #use(member: Member, node?: number): Promise<void> {
    this.#answered.use++
    this.#mustSucceed(member, 'use', await member.client.use(node))
  }

  async #refresh(member: Member): Promise<void> {
    this.#answered.refresh++
    this.#mustSucceed(member, 'refresh', await member.client.refresh())
  }

  async #end(member: Member): Promise<void> {
    this.#answered.end++
    const byId = this.#random.chance(0.5)
    const outcome = byId ? await member.client.revoke() : await member.client.logout()
    // The attempt before may have been done though its answer was lost.
    const isDone = outcome.status === 204 || (outcome.resent && outcome.code === 'session_revoked')
    if (!isDone) return this.#mustSucceed(member, byId ? 'revoke' : 'logout', outcome)
    member.ended = { at: performance.now(), node: outcome.node }
    this.#living = this.#living.filter((other) => other !== member)
    this.#dead.push(member)
    await this.#tryDead(member)
  }

  /** One token of a session that has ended. */
  async #tryDead(member: Member): Promise<void> {
    const token = this.#random.pick([...member.client.tokens])
    if (token !== undefined) await this.#tryToken(member, token)
  }

  async #tryToken(member: Member, token: string, node?: number): Promise<void> {
    this.#answered.deadToken++
    const isRefresh = token.startsWith('spr_')
    const sent = performance.now()
    const result = await this.#cluster.send(
      // Not /auth/me, which looks every session up.
      isRefresh ? '/auth/refresh' : '/auth/verify',
      () =>
        isRefresh
          ? {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ refresh_token: token }),
            }
          : { headers: { authorization: `Bearer ${token}` } },
      node,
    )
    const { status } = result.answer
    if (status >= 500) this.#note('serverErrors', member, `${status} for a token of an ended session`)
    // Another node may honour an access token until it has heard, which takes it no longer than that.
    const age = sent - (member.ended?.at ?? 0)
    const mayNotKnow = !isRefresh && member.ended?.node !== result.node && age < MAX_STALENESS
    if (status < 400 && mayNotKnow) this.late = Math.max(this.late, age)
    if (status < 400 && !mayNotKnow) {
      this.#note('revokedAccepted', member, `${token.slice(0, 4)} ${Math.round(age)} ms after its end`)
    }
  }

  #mustSucceed(member: Member, act: string, { status, code, node }: Outcome): void {
    if (status === 200 || status === 204) return
    const what = `${act} at node ${node}: ${status} ${code}`
    this.#note(status >= 500 ? 'serverErrors' : 'signedOut', member, what)
  }

  #note(finding: keyof Findings, { client }: Member, what: string): void {
    this.findings[finding].push(`${this.#phase}: ${client.kind} ${client.sessionId}: ${what}`)
  }

  #everyNode(): readonly number[] {
    return Array.from({ length: this.#cluster.size }, (_, index) => index)
  }
}

/** Does `work` for all of them, so many at a time. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
