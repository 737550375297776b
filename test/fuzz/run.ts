import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'
import type { TestAuth } from '../../src/testing/index.js'
import { Random } from '../faults/random.js'
import { judgeAnswer } from '../flows/judge-answer.js'
import { type Holder, register, renew, show } from './credentials.js'
import { type Operation, operationAt, operationsOf } from './operations.js'
import { type FuzzRequest, requestOf } from './requests.js'
import { type Known, pick } from './values.js'

const HOUR = 3_600_000
const CONCURRENT = 16
/** What is big to answer, and says nothing new when it is asked again. */
const RARE = /^\/docs|^\/openapi/
const HIDDEN = /\$argon2|\$2[aby]\$|sp[srkt]_[A-Za-z0-9_-]{40}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.|PRIVATE KEY/
const MOST_VIOLATIONS = 20

export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
  /** Changes an answer before it is judged: a fault that must be found. */
  readonly spoil?: (answer: Response) => Response
}

export interface FuzzReport {
  readonly requests: number
  readonly seconds: number
  readonly operations: number
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>
  /** How often each operation that was asked in its own way succeeded. */
  readonly successes: Readonly<Record<string, number>>
  /** Bytes of heap in use after a collection, when everything had warmed up and at the end. */
  readonly heap: { readonly warm: number; readonly end: number }
  readonly violations: readonly string[]
}

/** Sends requests of chance to every operation of the document that the instance serves, and judges every answer. */
export async function fuzz(
  auth: TestAuth,
  { requests, seed, spoil = (answer) => answer }: FuzzOptions,
): Promise<FuzzReport> {
  const random = new Random(seed)
  const operations = operationsOf(auth.openapi())
  const [rare, usual] = [
    operations.filter(({ path }) => RARE.test(path)),
    operations.filter(({ path }) => !RARE.test(path)),
  ]
  const { holders, dead, bystander, known } = await population(auth, seed)
  const statuses: Record<string, number> = {}
  const successes: Record<string, number> = {}
  const violations: string[] = []
  const started = performance.now()
  let warm = 0

  async function one(): Promise<void> {
    const operation = random.chance(0.002) && rare.length > 0 ? pick(random, rare) : pick(random, usual)
    const shown = show(random, holders, dead)
    const request = requestOf(random, operation, shown, known())
    const { method, body } = request
    const answer = spoil(await auth.request(request.url, { method, headers: { ...request.headers }, body }))
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    const { pathname } = new URL(request.url)
    const asked = operationAt(operations, request.method, pathname)
    const objections = await judge(auth, request, answer, asked, shown.isGenuine, bystander.secrets)
    if (objections.length > 0) {
      violations.push(`${shown.kind}, ${describe(request)} → ${answer.status}\n  ${objections.join('\n  ')}`)
    }
    if (answer.ok && asked) successes[asked.operationId] = (successes[asked.operationId] ?? 0) + 1
    // Signed out on the way: the requests to come shall not all be refused for that.
    const { holder } = shown
    if (holder && answer.status === 401) await renew(auth, holder)
  }

  for (let sent = 0; sent < requests && violations.length < MOST_VIOLATIONS; sent += CONCURRENT) {
    await Promise.all(Array.from({ length: CONCURRENT }, one))
    if (warm === 0 && sent >= requests / 3) warm = heapInUse()
    if (sent % 1000 < CONCURRENT) {
      auth.clock.advance(5_000)
      await auth.flush()
      await auth.cleanUp()
    }
  }
  violations.push(...(await bystander.objections()))
  return {
    requests,
    seconds: (performance.now() - started) / 1000,
    operations: operations.length,
    statuses,
    successes,
    heap: { warm, end: heapInUse() },
    violations,
  }
}

/** What there is to say against an answer. */
async function judge(
  auth: TestAuth,
  request: FuzzRequest,
  answer: Response,
  asked: Operation | undefined,
  isGenuine: boolean,
  secrets: readonly string[],
): Promise<string[]> {
  const objections: string[] = []
  const { pathname } = new URL(request.url)
  await judgeAnswer(auth.openapi(), request.method, pathname, answer).catch((error: unknown) =>
    objections.push(error instanceof Error ? error.message : String(error)),
  )
  const [type] = (answer.headers.get('content-type') ?? '').split(';')
  const isOverload = answer.status === 503 && asked?.mayBeOverloaded && answer.headers.has('retry-after')
  const isUnready = answer.status === 503 && asked?.mayBeUnready && type === 'application/json'
  if (answer.status >= 500 && !isOverload && !isUnready) objections.push('it failed')
  if (answer.ok && asked?.isProtected && !isGenuine) objections.push('it was let in')
  const text = await answer.text()
  if (secrets.some((secret) => text.includes(secret))) objections.push('it tells a secret of somebody else')
  if (!(answer.ok && asked?.answersTokens) && HIDDEN.test(text)) objections.push(`it tells a secret: ${text}`)
  for (const name of ['x-content-type-options', 'content-security-policy', 'x-request-id', 'referrer-policy']) {
    if (!answer.headers.get(name)) objections.push(`it has no ${name}`)
  }
  return objections
}

/** Those whose credentials are shown, what has died, and somebody of whom nothing is ever shown. */
async function population(auth: TestAuth, seed: number) {
  const password = `fuzz ${seed} correct horse`
  const secret = `bystander ${seed} battery staple`
  const holders: Holder[] = []
  for (let count = 0; count < 6; count++) holders.push(await register(auth, `holder-${count}@example.com`, password))
  const gone = await register(auth, 'gone@example.com', password)
  const old = await register(auth, 'old@example.com', password)
  await auth.request('/auth/logout', { method: 'POST', headers: { authorization: `Bearer ${gone.access}` } })
  auth.clock.advance(31 * 24 * HOUR)
  for (const holder of holders) await renew(auth, holder)
  const still = await register(auth, 'bystander@example.com', secret)
  const [none = '', claims = ''] = ['{"alg":"none"}', '{"sub":"x"}'].map((text) =>
    Buffer.from(text).toString('base64url'),
  )
  const dead = [
    gone.access,
    gone.refresh,
    old.access,
    old.refresh,
    gone.csrf,
    `${none}.${claims}.`,
    `${none}.${claims}.AA`,
  ]
  const before = await pictureOf(auth, still.access)
  return {
    holders,
    dead,
    known: (): Known => ({
      emails: [...holders.map(({ email }) => email), 'nobody@example.com', 'bystander@example.com'],
      passwords: [password, password, password, 'wrong password'],
      tokens: [...holders.map(({ refresh }) => refresh), ...dead, ...holders.map(({ access }) => access)],
      ids: ['019b0000-0000-7000-8000-000000000001', before.sessionId, before.tenantId],
    }),
    bystander: {
      secrets: [secret, still.access, still.refresh, still.csrf],
      /** What is to be said where something reached somebody whose credentials nobody showed. */
      async objections() {
        const now = await pictureOf(auth, still.access)
        return now.text === before.text ? [] : [`the bystander was changed: ${before.text} → ${now.text}`]
      },
    },
  }
}

const meShape = z.looseObject({ session_id: z.string(), tenant_id: z.string() })
const sessionsShape = z.looseObject({ sessions: z.array(z.looseObject({ id: z.string() })) })

async function pictureOf(auth: TestAuth, token: string) {
  const headers = { authorization: `Bearer ${token}` }
  const me: unknown = await (await auth.request('/auth/me', { headers })).json()
  const list: unknown = await (await auth.request('/auth/sessions', { headers })).json()
  const ids = sessionsShape.safeParse(list).data?.sessions.map(({ id }) => id)
  const { session_id: sessionId = '', tenant_id: tenantId = '' } = meShape.safeParse(me).data ?? {}
  return { text: JSON.stringify({ me, ids }), sessionId, tenantId }
}

function describe({ method, url, headers, body }: FuzzRequest): string {
  const shown = typeof body === 'string' ? body : body && Buffer.from(body).toString('hex')
  return `${method} ${url} ${JSON.stringify(headers)} ${shown ?? ''}`.slice(0, 2000)
}

function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let count = 0; count < 3; count++) collect()
  return process.memoryUsage().heapUsed
}
