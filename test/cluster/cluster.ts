import { setTimeout as sleep } from 'node:timers/promises'
import { Deployment } from '../faults/deployment.js'
import { type ProgramProcess, untilReady } from '../faults/server-process.js'

export type Mode = 'stateful' | 'stateless'

/** `auth.revocation.max_staleness` of these servers, milliseconds. */
export const MAX_STALENESS = 500

interface Node {
  url: string
  process: ProgramProcess
}

/** Several processes of the program on one database, and what stands in front of them. */
export class Cluster {
  readonly #deployment: Deployment
  readonly #nodes: Node[] = []
  #turn = 0
  /** Requests that were sent again since nobody listened at the node. */
  refused = 0
  /** Requests that were sent again since the connection ended under them. */
  cutOff = 0

  private constructor(deployment: Deployment) {
    this.#deployment = deployment
  }

  /** @param auth further keys of the section `auth` */
  static async start(
    options: { readonly databaseUrl?: string },
    nodes: number,
    mode: Mode,
    auth: Readonly<Record<string, unknown>> = {},
  ): Promise<Cluster> {
    const cluster = new Cluster(
      new Deployment({
        ...options,
        config: {
          // Every request is answered as fast as it can be, so that the switch meets many.
          log: { level: 'warn', format: 'json' },
          auth: {
            refresh: { reuse_grace: '1m' },
            revocation: { max_staleness: `${MAX_STALENESS}ms` },
            hash_queue: { max: 1000, deadline: '60s' },
            password: { argon2id: { memory: 64, iterations: 1 } },
            ...auth,
          },
        },
      }),
    )
    for (let count = 0; count < nodes; count++) cluster.#nodes.push(await cluster.#startNode(mode))
    return cluster
  }

  get size(): number {
    return this.#nodes.length
  }

  get databaseUrl(): string {
    return this.#deployment.databaseUrl
  }

  /** Restarts one node after the other in another mode, as a deployment would: the next when the last is ready. */
  async switchTo(mode: Mode): Promise<void> {
    for (const node of this.#nodes) {
      const { code } = await node.process.end('SIGTERM')
      if (code !== 0) throw new Error(`A node ended with ${code}`)
      Object.assign(node, await this.#startNode(mode))
    }
  }

  /**
   * Sends to the next node in turn, or to the one that is named. A node that does not listen, or that ends under a
   * request, is left for the next one, as any proxy does; whatever is answered counts.
   */
  async send(
    path: string,
    init: (origin: string) => RequestInit,
    named?: number,
  ): Promise<{ readonly answer: Response; readonly text: string; readonly node: number; readonly resent: boolean }> {
    for (let attempt = 0; ; attempt++) {
      const index = named ?? this.#turn++ % this.size
      const url = this.#nodes[index]?.url ?? ''
      try {
        const answer = await fetch(url + path, init(url))
        return { answer, text: await answer.text(), node: index, resent: attempt > 0 }
      } catch (error) {
        if (attempt > 5_000) throw error
        if (isRefusal(error)) this.refused++
        else this.cutOff++
        if (attempt % this.size === this.size - 1) await sleep(10)
      }
    }
  }

  async stop(): Promise<void> {
    await this.#deployment.stop()
  }

  async remove(): Promise<void> {
    await this.#deployment.remove()
  }

  async #startNode(mode: Mode): Promise<Node> {
    const process = this.#deployment.serve({ env: { AUTH_MODE: mode } })
    const url = await process.url()
    await untilReady(url)
    return { url, process }
  }
}

function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}
