// Checks of access tokens in this process. Argument: how it is composed, and `sessions`.
import { hash, verify } from 'node:crypto'
import { z } from 'zod'
import { serveJobs, type Work } from '../load/subject.js'
import { built } from './built.js'
import { CALL, type Composition, compose, signIn } from './composition.js'

/** Tokens never seen before, of each run. */
const COLD = 1_000
/** Entries of the map that a look-up could not be cheaper than. */
const FLOOR_ENTRIES = 100_000

const options = z
  .object({ mode: z.enum(['stateful', 'stateless']), url: z.string(), redis: z.null(), sessions: z.int() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const composition = await compose(options)
const { auth, tokens } = composition
const texts = (await signIn(composition, options.sessions)).map(({ accessToken }) => accessToken)
const headers = texts.map((token) => new Headers({ authorization: `Bearer ${token}` }))
const textAt = (index: number) => texts[index % texts.length] ?? ''

await serveJobs({
  /** What a host calls: headers in, identity out. */
  check: {
    async step(index) {
      const given = headers[index % headers.length]
      return given !== undefined && (await auth.authenticate(given)) !== null
    },
  },
  token: { step: async (index) => (await tokens.authenticate(textAt(index), null, CALL)).userId !== '' },
  ...(options.mode === 'stateless' ? await coldWorks(composition, textAt(0)) : { floor: floorWork() }),
})

/** A digest of the token and a look-up by it: nothing that holds no token in clear can do less. */
function floorWork(): Work {
  const held = new Map<string, object>()
  for (let count = 0; count < FLOOR_ENTRIES; count++) held.set(hash('sha256', `other ${count}`, 'base64'), {})
  for (const text of texts) held.set(hash('sha256', text, 'base64'), {})
  return { step: (index) => held.has(hash('sha256', textAt(index), 'base64')) }
}

/** A JWT that nobody has seen against its signature's check alone; tokens are made outside the time that is taken. */
async function coldWorks({ keyring, tokens }: Composition, sample: string): Promise<Record<string, Work>> {
  const { accessClaims } = await built<typeof import('../../src/crypto/access-claims.js')>('crypto/access-claims.js')
  const { signAccessToken } =
    await built<typeof import('../../src/features/tokens/token-jwt.js')>('features/tokens/token-jwt.js')
  const claims = accessClaims.parse(JSON.parse(Buffer.from(sample.split('.')[1] ?? '', 'base64url').toString()))
  const key = await keyring.signingKey()
  let made = 0
  let fresh: string[] = []
  let raw: { readonly data: Buffer; readonly signature: Buffer }[] = []
  const make = async () => {
    // Only the id differs: none of them is in any memory.
    const signing = Array.from({ length: COLD }, () => signAccessToken(key, { ...claims, jti: `cold-${made++}` }))
    // One piece each, as a socket gives it.
    return (await Promise.all(signing)).map((text) => Buffer.from(text).toString('latin1'))
  }
  return {
    cold: {
      steps: COLD,
      async prepare() {
        fresh = await make()
      },
      step: async (index) => (await tokens.authenticate(fresh[index] ?? '', null, CALL)).userId !== '',
    },
    raw: {
      steps: COLD,
      async prepare() {
        raw = (await make()).map((text) => {
          const at = text.lastIndexOf('.')
          return { data: Buffer.from(text.slice(0, at)), signature: Buffer.from(text.slice(at + 1), 'base64url') }
        })
      },
      step(index) {
        const given = raw[index]
        return given !== undefined && verify(null, given.data, key.verificationKey, given.signature)
      },
    },
  }
}
