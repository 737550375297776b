// Refreshes in this process, each worker its own session. Argument: how it is composed.
import { z } from 'zod'
import { serveJobs } from '../load/subject.js'
import { compose, signIn } from './composition.js'

/** Sessions, and so the most that may be refreshed at once. */
const FAMILIES = 64

const options = z
  .object({ mode: z.enum(['stateful', 'stateless']), url: z.string(), redis: z.null() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const composition = await compose(options)
const held = (await signIn(composition, FAMILIES)).map(({ refreshToken }) => refreshToken)

await serveJobs({
  refresh: {
    async step(_index, worker) {
      const { refreshToken } = await composition.auth.api.refresh({ refreshToken: held[worker] ?? '' })
      held[worker] = refreshToken
      return true
    },
  },
})
