// One framework in one process: bare, and guarded in both modes. Argument: `stack` and `folder`.
import { join } from 'node:path'
import { z } from 'zod'
import { ADAPTER_STACKS, type Start } from './adapter-stacks.js'
import { compose, signIn } from './composition.js'

const { stack, folder } = z.object({ stack: z.string(), folder: z.string() }).parse(JSON.parse(process.argv[2] ?? ''))
const start = new Map(Object.entries(ADAPTER_STACKS)).get(stack)
if (start === undefined) throw new Error(`There is no framework ${stack} here`)

async function guarded(start: Start, mode: 'stateful' | 'stateless') {
  const file = join(folder, `${stack.replace(':', '-')}-${mode}.db`)
  const composition = await compose({ mode, url: `sqlite:${file}`, redis: null })
  const [issued] = await signIn(composition, 1)
  return { url: await start(composition.auth), token: issued?.accessToken ?? '' }
}

// The same process has all of them, so that compiled code and heap are no difference.
const servers = {
  bare: { url: await start(null), token: 'none' },
  opaque: await guarded(start, 'stateful'),
  jwt: await guarded(start, 'stateless'),
}
console.log(JSON.stringify(servers))
process.stdin.resume().on('end', () => process.exit(0))
