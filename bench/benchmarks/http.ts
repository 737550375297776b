import { z } from 'zod'
import { type Benchmark, type Comparison, compare, type Reading } from '../benchmark.js'
import { Child } from '../load/child.js'
import { assertAll, LOAD_CLIENT, loadResult, requestText } from '../load/load-job.js'
import {
  BARE_SERVER,
  BETTER_AUTH,
  BETTER_AUTH_SERVER,
  betterAuthVariants,
  cookieField,
  EXPRESS_SESSION,
  EXPRESS_SESSION_SERVER,
  post,
  withoutPeers,
} from '../load/peers.js'
import { cpuOf } from '../load/process-cpu.js'
import { startStores } from '../load/stores.js'
import { inRounds } from '../rounds.js'
import { ACCOUNT } from '../subjects/composition.js'
import { type Servers, startServers } from '../subjects/servers.js'

const CONNECTIONS = 16
const BARE = 'bare node:http, 200 bytes of JSON'
const signedIn = z.object({ access_token: z.string() })
const guest = z.object({ token: z.string() })

interface Variant {
  readonly name: string
  readonly pid: number
  readonly url: string
  readonly path: string
  /** The header field that says who asks. */
  readonly credential: string
}

/** CPU of the server process for a request that asks who is there, warm, against bare node:http under the same requests. */
export const benchmark: Benchmark = async ({ quick, peersMissing }) => {
  const stores = await startStores()
  const children: Child[] = []
  const servers: Servers[] = []
  const start = async (file: URL, options?: object) => {
    const { child, line } = await Child.start(file, options === undefined ? {} : { options })
    children.push(child)
    return { pid: child.pid, url: line }
  }
  try {
    const bare = await start(BARE_SERVER)
    const variants: Variant[] = [{ name: BARE, ...bare, path: '/', credential: 'authorization: Bearer none' }]
    const notMeasured = [...withoutPeers(peersMissing, 'Requests over HTTP')]
    for (const [mode, label] of [
      ['stateful', 'opaque'],
      ['stateless', 'JWT'],
    ] as const) {
      const server = await startServers({ mode })
      servers.push(server)
      const [url = '', pid = 0] = [server.urls[0], server.pids[0]]
      const token = signedIn.parse(await (await post(`${url}/auth/register`, ACCOUNT)).json()).access_token
      const credential = `authorization: Bearer ${token}`
      variants.push({ name: `GET /auth/verify, ${label}`, pid, url, path: '/auth/verify', credential })
      variants.push({ name: `GET /auth/me, ${label}`, pid, url, path: '/auth/me', credential })
      if (mode === 'stateless') continue
      const path = '/session/validate'
      try {
        const { token } = guest.parse(await (await post(`${url}/session`, {})).json())
        variants.push({ name: `GET ${path}, guest`, pid, url, path, credential: `authorization: Bearer ${token}` })
      } catch (error) {
        notMeasured.push({ what: `GET ${path}`, reason: error instanceof Error ? error.message : String(error) })
      }
    }
    if (peersMissing === null) variants.push(...(await startPeers()))

    const { child: client } = await Child.start(LOAD_CLIENT, { greets: false })
    children.push(client)
    const milliseconds = quick ? 300 : 1_000
    const plan = { rounds: quick ? 3 : 15, warmUp: { count: 4_000, milliseconds: quick ? 1_500 : 10_000 } }
    const figure = await inRounds(variants, plan, async ({ name, pid, url, path, credential }) => {
      const before = cpuOf(pid)
      const requests = [requestText('GET', url, path, [credential])]
      const job = { url, requests, connections: CONNECTIONS, milliseconds, rate: null }
      const result = await client.ask(job, loadResult)
      assertAll(200, name, result)
      const { answered: count, milliseconds: took, p50, p99 } = result
      return { count, cost: (cpuOf(pid) - before) / 1000 / count, rate: (count * 1000) / took, p50, p99 }
    })

    const cost = (name: string) => figure(name, 'cost')
    const share = (name: string) => cost(BARE) / cost(name)
    const ours = variants.filter(({ name }) => name.startsWith('GET')).map(({ name }) => name)
    const peers = variants.filter(({ name }) => name !== BARE && !name.startsWith('GET')).map(({ name }) => name)
    const comparisons: Comparison[] = ours.flatMap((name) =>
      [BARE, ...peers].map((against) =>
        compare('less', {
          what: name,
          unit: 'CPU µs a request',
          sallyport: cost(name),
          against,
          other: cost(against),
        }),
      ),
    )
    const readings: Reading[] = [
      { goal: 'verify-opaque', value: share('GET /auth/verify, opaque') },
      { goal: 'verify-jwt', value: share('GET /auth/verify, JWT') },
      { goal: 'me-opaque', value: share('GET /auth/me, opaque') },
      { goal: 'me-jwt', value: share('GET /auth/me, JWT') },
    ]
    const validate = ours.find((name) => name.includes('validate'))
    if (validate !== undefined) readings.push({ goal: 'validate-guest', value: share(validate) })
    if (peers.length > 0) {
      const verify = Math.max(cost('GET /auth/verify, opaque'), cost('GET /auth/verify, JWT'))
      const best = Math.min(...peers.filter((name) => name.startsWith(BETTER_AUTH)).map(cost))
      readings.push({ goal: 'verify-express-session', value: cost(EXPRESS_SESSION) / verify })
      readings.push({ goal: 'verify-better-auth', value: best / verify })
    }
    return {
      tables: [
        {
          title: `Requests over HTTP, warm, ${CONNECTIONS} connections (median of ${plan.rounds} shuffled rounds of ${milliseconds} ms)`,
          rows: variants.map(({ name }) => ({
            what: name,
            'CPU µs a request': cost(name).toFixed(1),
            'share of bare': share(name).toFixed(3),
            'requests a second': Math.round(figure(name, 'rate')).toLocaleString('en'),
            'p50 ms': figure(name, 'p50').toFixed(2),
            'p99 ms': figure(name, 'p99').toFixed(2),
          })),
        },
      ],
      comparisons,
      readings,
      notMeasured,
    }
  } finally {
    for (const child of children) await child.stop()
    for (const server of servers) await server.stop()
    await stores.stop()
  }

  async function startPeers(): Promise<Variant[]> {
    const redis = stores.redis.url
    const variants: Variant[] = []
    const kinds = betterAuthVariants({ file: stores.file, postgres: await stores.database('better_auth'), redis })
    for (const { name, options } of kinds) {
      const server = await start(BETTER_AUTH_SERVER, options)
      const body = { name: 'Ada', ...ACCOUNT }
      const credential = cookieField(await post(`${server.url}/api/auth/sign-up/email`, body))
      const path = '/api/auth/get-session'
      const answer = await fetch(server.url + path, { headers: { cookie: credential.replace('cookie: ', '') } })
      if ((await answer.json()) === null) throw new Error(`${name} knows nobody`)
      variants.push({ name, ...server, path, credential })
    }
    const server = await start(EXPRESS_SESSION_SERVER, { redis })
    const credential = cookieField(await post(`${server.url}/login`, {}))
    return [...variants, { name: EXPRESS_SESSION, ...server, path: '/me', credential }]
  }
}
