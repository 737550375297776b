import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { startStores } from '../../bench/load/stores.js'
import { built } from '../../bench/subjects/built.js'
import { openSigningKey } from '../../src/features/keys/key-signing.js'
import { craft, partsOf } from '../security/forged-token.js'

/**
 * How many tokens a verifier checks a second, and how long after its 204 a sign-out is heard. Two server processes over
 * PostgreSQL and Redis, the verifier in this process, from the build. Run by hand: `npx tsx test/verifier/measure-verifier.ts`.
 */
const ROUNDS = Number(process.argv[2] ?? 500)
const ISSUER = 'https://accounts.example.com'
const CHECKS = 200_000
const COLD = 5_000
/** Asked this often until the sign-out is heard, in milliseconds. */
const LOOK = 0.2
const CONFIGURATION = `
auth:
  mode: stateless
  jwt: { issuer: ${ISSUER}, audience: ${ISSUER} }
  password: { argon2id: { memory: 64, iterations: 1, parallelism: 1 } }
limits: { enabled: false }
`

const { createVerifier } = await built<typeof import('../../src/verifier/index.js')>('verifier/index.js')
const stores = await startStores()
const database = await stores.database('verifier')
const folder = dirname(stores.file('x'))
writeFileSync(join(folder, 'sallyport.yaml'), CONFIGURATION)
const servers = [await serve(), await serve()]
try {
  await measure()
} finally {
  for (const { child } of servers) child.kill('SIGTERM')
  await stores.stop()
}

async function serve() {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/cli/bin.cjs'), 'serve', '--port', '0'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: database,
      REDIS_URL: stores.redis.url,
      SALLYPORT_SECRET: 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(child.stdout)) {
    const url = /^Sallyport listens on (http:\S+)$/.exec(line)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error('the server ended')
}

async function signUp(url: string, number: number): Promise<string> {
  const answer = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `person${number}@example.com`, password: 'violet-anchor-7-lantern' }),
  })
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token
}

async function measure(): Promise<void> {
  const urlOf = (index: number) => servers[index % servers.length]?.url ?? ''
  const jwksUrl = `${urlOf(0)}/.well-known/jwks.json`
  const redis = { url: stores.redis.url }
  const verifier = createVerifier({ issuer: ISSUER, audience: ISSUER, jwksUrl, redis })
  await verifier.ready()

  const latencies: number[] = []
  let returned = 0
  const ended: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const token = await signUp(urlOf(round), round)
    await verifier.verify(token)
    await fetch(`${urlOf(round + 1)}/auth/logout`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    const start = performance.now()
    let last = start
    while (await isHonoured(token)) {
      last = performance.now()
      await new Promise((resolve) => setTimeout(resolve, LOOK))
    }
    latencies.push(last - start)
    ended.push(token)
  }
  for (const token of ended) if (await isHonoured(token)) returned++
  latencies.sort((one, other) => one - other)
  const at = (share: number) => (latencies[Math.min(ROUNDS - 1, Math.floor(share * ROUNDS))] ?? 0).toFixed(1)
  console.log(`${ROUNDS} sign-outs: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; came back: ${returned}`)

  const token = await signUp(urlOf(0), ROUNDS)
  console.log(`remembered: ${await rate(CHECKS, () => verifier.verify(token))}`)
  await verifier.close()

  const { privateKey } = generateKeyPairSync('ed25519')
  const key = openSigningKey('EdDSA', privateKey.export({ type: 'pkcs8', format: 'der' }))
  const { claims, header } = partsOf(token)
  const fetchKeys = async () => new Response(JSON.stringify({ keys: [key.publicJwk] }))
  const cold = createVerifier({ issuer: ISSUER, audience: ISSUER, fetch: fetchKeys })
  const tokens = Array.from({ length: COLD }, (_, jti) =>
    craft(key, { ...header, kid: key.kid }, { ...claims, jti: `${jti}` }),
  )
  let next = 0
  console.log(`at first sight: ${await rate(COLD, () => cold.verify(tokens[next++] ?? ''))}`)

  async function isHonoured(text: string): Promise<boolean> {
    return verifier.verify(text).then(
      () => true,
      () => false,
    )
  }
}

/** CPU time tells more than the clock where other work runs beside. */
async function rate(count: number, check: () => Promise<unknown>): Promise<string> {
  const [start, used] = [performance.now(), process.cpuUsage()]
  for (let index = 0; index < count; index++) await check()
  const { user, system } = process.cpuUsage(used)
  const each = ((user + system) / count).toFixed(1)
  return `${Math.round((count / (performance.now() - start)) * 1000).toLocaleString('en')} a second, ${each} µs of CPU each`
}
