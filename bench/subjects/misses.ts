// Checks of sessions that are not in this node's memory. Argument: how it is composed, `sessions` and `trust`.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atOnce } from '../load/at-once.js'
import { serveJobs } from '../load/subject.js'
import { CALL, compose, signIn } from './composition.js'

const MARGIN = 50

const options = z
  .object({
    mode: z.literal('stateful'),
    url: z.string(),
    redis: z.string().nullable(),
    sessions: z.int(),
    /** Milliseconds after which nothing held is believed any more. */
    trust: z.int(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))
const settings = { ...options, trust: `${options.trust}ms` }
const node = await compose(settings)
/** Reads from the database first, and leaves in Redis what the other then finds there. */
const neighbour = options.redis === null ? null : await compose(settings)
const texts = (await signIn(node, options.sessions)).map(({ accessToken }) => accessToken)
let believedUntil = 0

await serveJobs({
  miss: {
    steps: texts.length,
    async prepare() {
      await sleep(Math.max(0, believedUntil - performance.now()))
      if (neighbour === null) return
      await atOnce(texts, 32, (text) => neighbour.tokens.authenticate(text, null, CALL))
      // What it offers is on its way.
      await sleep(MARGIN)
    },
    async step(index) {
      believedUntil = performance.now() + options.trust + MARGIN
      return (await node.tokens.authenticate(texts[index] ?? '', null, CALL)).userId !== ''
    },
  },
})
