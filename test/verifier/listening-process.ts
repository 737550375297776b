// Run by a test as a process of its own, since a process decides once whom it trusts: says `ready`, then what each line is as a token.
import { createInterface } from 'node:readline'
import { SallyportError } from '../../src/contract/sallyport-error.js'
import { createVerifier } from '../../src/verifier/index.js'

const [redis = '', issuer = '', audience = '', secret = '', now = ''] = process.argv.slice(2)
const clock = { now: () => Number(now), controlled: true }
const verifier = createVerifier({ issuer, audience, secret, clock, redis: { url: redis } })
await verifier.ready()
console.log('ready')
for await (const token of createInterface(process.stdin)) {
  const verdict = verifier.verify(token).then(
    () => '200',
    (error: unknown) => (error instanceof SallyportError ? error.code : String(error)),
  )
  console.log(await verdict)
}
await verifier.close()
