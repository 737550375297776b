import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Logger } from '../../src/runtime/logger.js'
import { silentLogger } from '../../src/runtime/logger.js'
import { emptyPostgresDatabase } from '../databases/test-database.js'
import { type BareNode, type NodeOptions, openNodeOfTest } from '../flows/nodes.js'
import { type RedisServer, until } from './redis-server.js'

/** Two nodes over one PostgreSQL and one Redis, whose clocks stand still: entries never grow old by themselves. */
export interface Pair {
  readonly a: BareNode
  readonly b: BareNode
  /** Another node, as after a restart. */
  open(): Promise<BareNode>
}

/** So long that a test ends before the floor of polling is reached: what is heard is heard by hints. */
const LONG = 600_000

export async function openPair(redis: string, options: Pick<NodeOptions, 'logger'> = {}): Promise<Pair> {
  const database = await emptyPostgresDatabase()
  onTestFinished(() => database.remove())
  const open = () =>
    openNodeOfTest({
      url: database.url,
      redis,
      auth: { revocation: { maxStaleness: LONG }, refresh: { reuseGrace: 60_000 } },
      ...options,
    })
  const a = await open()
  const b = await open()
  // The first node of a deployment names what is shared; the next look at the feed tells.
  await Promise.all([a.sync(), b.sync()])
  return { a, b, open }
}

export interface Person {
  readonly token: string
  readonly refreshToken: string
  readonly sessionId: string
}

let people = 0

export async function signUp(node: BareNode): Promise<Person> {
  const email = `person${++people}@example.com`
  const answer = await node.api.register({ email, password: 'correct horse battery' })
  if (!('accessToken' in answer)) throw new Error('not signed in')
  const sessionId = (await node.api.verify({ accessToken: answer.accessToken })).sessionId
  return { token: answer.accessToken, refreshToken: answer.refreshToken, sessionId }
}

/** 200 or 401. */
export async function statusOf(node: BareNode, { token }: Pick<Person, 'token'>): Promise<number> {
  const { status } = await node.request('/users/me', { headers: { authorization: `Bearer ${token}` } })
  return status
}

export async function signOut(node: BareNode, { token }: Person): Promise<void> {
  const answer = await node.request('/auth/logout', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  if (answer.status !== 204) throw new Error(`logout answered ${answer.status}: ${await answer.text()}`)
}

const readinessAnswer = z.object({ checks: z.object({ cache: z.string() }) })

export async function readiness(node: BareNode): Promise<{ readonly status: number; readonly cache: string }> {
  // The checks are run once a second; this clock stands still otherwise.
  node.clock.advance(1_000)
  node.clock.advance(-1)
  const answer = await node.request('/health/ready')
  const body = readinessAnswer.parse(await answer.json())
  return { status: answer.status, cache: body.checks.cache }
}

export const untilUsed = (node: BareNode) => until(async () => (await readiness(node)).cache === 'ok', 'Redis is used')

/** Signs up somebody whose session is in Redis. A busy node may leave one unshared: nothing is owed to a cache. */
export async function signUpShared(node: BareNode, isThere: (sessionId: string) => Promise<boolean>): Promise<Person> {
  let shared: Person | undefined
  await until(async () => {
    await untilUsed(node)
    const person = await signUp(node)
    for (let looks = 0; looks < 10 && shared === undefined; looks++) {
      if (await isThere(person.sessionId)) shared = person
    }
    return shared !== undefined
  }, 'a session is in Redis')
  if (shared === undefined) throw new Error('nobody is there')
  return shared
}

/** Resolves when so many nodes listen on that Redis. */
export async function untilHeard(redis: RedisServer, nodes: number): Promise<void> {
  await until(async () => {
    const counts = await redis.cli('pubsub', 'numsub', await redis.cli('pubsub', 'channels', 'sallyport*'))
    return Number(counts.split('\n')[1]) >= nodes
  }, 'the nodes listen')
}

/** A logger that keeps its lines as text. */
export function keepingLogger(lines: string[]): Logger {
  const keep = (fields: object, message: string) => {
    lines.push(`${JSON.stringify(fields)} ${message}`)
  }
  return { ...silentLogger, info: keep, warn: keep, error: keep }
}
