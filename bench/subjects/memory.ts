// How much a session takes that is in memory. Needs --expose-gc. Argument: how it is composed.
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import { oneTenant } from '../../src/storage/tenant-scope.js'
import { atOnce } from '../load/at-once.js'
import { built } from './built.js'
import { CALL, compose, signIn } from './composition.js'

const options = z
  .object({ mode: z.enum(['stateful', 'stateless']), url: z.string(), redis: z.null() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const job = z.object({ sessions: z.int().min(1) })
// Believed for long, so that what is held can still be counted at the end.
const composition = await compose({ ...options, trust: '5m' })
const { storage, keyring, tokens, sessions } = composition
const [issued] = await signIn(composition, 1)
const codec = await built<typeof import('../../src/features/tokens/token-codec.js')>('features/tokens/token-codec.js')
const { accessClaims } = await built<typeof import('../../src/crypto/access-claims.js')>('crypto/access-claims.js')
const jwt = await built<typeof import('../../src/features/tokens/token-jwt.js')>('features/tokens/token-jwt.js')
const sample = issued?.accessToken ?? ''
const makeToken = options.mode === 'stateful' ? await opaqueMaker() : await jwtMaker()

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await measure(job.parse(JSON.parse(line)).sessions)))
}
process.exit(0)

async function measure(count: number) {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  await cloneSession(count)
  // What is made once, for whoever comes first.
  await tokens.authenticate(sample, null, CALL)
  const before = await held()
  await atOnce(numbers, 16, async (number) => tokens.authenticate(await makeToken(number), null, CALL))
  // As a program does every few seconds: what is still to be written of their use is no part of a session.
  await sessions.flushActivity(true)
  const after = await held()
  const isHeld = (number: number) => sessions.peek(oneTenant(sampleTenant()), idOf(number)) !== null
  return { bytes: (after - before) / count, held: options.mode === 'stateful' ? numbers.filter(isHeld).length : count }
}

/** Bytes that are reachable, outside V8's heap too. */
async function held(): Promise<number> {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.()
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function idOf(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

/** Rows like that of the one who signed in; only the id differs. */
async function cloneSession(count: number): Promise<void> {
  const row = await storage.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const columns = Object.keys(row).filter((name) => name !== 'id')
  const names = sql.join(columns.map((name) => sql.ref(name)))
  await sql`
    insert into sessions (id, ${names})
    with recursive numbers (n) as (values (1) union all select n + 1 from numbers where n < ${sql.lit(count)})
    select printf('00000000-0000-7000-8000-%012x', n), ${names} from sessions, numbers where sessions.id = ${row.id}
  `.execute(storage.db)
}

function sampleTenant(): string {
  return codec.parseToken(sample)?.tenantId ?? ''
}

async function opaqueMaker() {
  const row = await storage.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const key = await keyring.sessionKey(row.key_id)
  if (key === null) throw new Error('The session key is missing')
  const salt = Buffer.from(row.salt)
  return async (number: number) =>
    codec.encodePair(key, salt, { tenantId: row.tenant_id, sessionId: idOf(number), counter: row.counter }).access
}

async function jwtMaker() {
  const claims = accessClaims.parse(JSON.parse(Buffer.from(sample.split('.')[1] ?? '', 'base64url').toString()))
  const key = await keyring.signingKey()
  return (number: number) => jwt.signAccessToken(key, { ...claims, jti: `memory-${number}`, sid: idOf(number) })
}
