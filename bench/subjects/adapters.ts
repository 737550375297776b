// One framework in one process: bare, and guarded in both modes. Argument: `stack` and `folder`.
import { join } from 'node:path'
import { z } from 'zod'
import { ADAPTER_STACKS } from './adapter-stacks.js'
import { compose, signIn } from './composition.js'

const { stack, folder } = z
  .object({ stack: z.enum(['express', 'fastify', 'node:http']), folder: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const start = ADAPTER_STACKS[stack]

async function guarded(mode: 'stateful' | 'stateless') {
  const file = join(folder, `${stack.replace(':', '-')}-${mode}.db`)
  const composition = await compose({ mode, url: `sqlite:${file}`, redis: null })
  const [issued] = await signIn(composition, 1)
  return { url: await start(composition.auth), token: issued?.accessToken ?? '' }
}

// The same process has all of them, so that compiled code and heap are no difference.
const servers = {
  bare: { url: await start(null), token: 'none' },
  opaque: await guarded('stateful'),
  jwt: await guarded('stateless'),
}
console.log(JSON.stringify(servers))
process.stdin.resume().on('end', () => process.exit(0))
