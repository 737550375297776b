// One framework in one process with one `Auth`, as an application has it. Argument: `stack`, `mode` and `folder`.
import { join } from 'node:path'
import { z } from 'zod'
import { ADAPTER_STACKS } from './adapter-stacks.js'
import { compose, signIn } from './composition.js'

const { stack, mode, folder } = z
  .object({ stack: z.string(), mode: z.enum(['stateful', 'stateless']), folder: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const start = new Map(Object.entries(ADAPTER_STACKS)).get(stack)
if (start === undefined) throw new Error(`There is no framework ${stack} here`)

const file = join(folder, `${stack.replace(':', '-')}-${mode}.db`)
const composition = await compose({ mode, url: `sqlite:${file}`, redis: null })
const [issued] = await signIn(composition, 1)
console.log(JSON.stringify({ url: await start(composition.auth), token: issued?.accessToken ?? '' }))
process.stdin.resume().on('end', () => process.exit(0))
