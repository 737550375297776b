// The password hash alone, with what the server would use: so many at a time as there are cores.
import { hash, verify } from '@node-rs/argon2'
import { serveJobs } from '../load/subject.js'

const PASSWORD = 'violet-anchor-7-lantern'
/** The default of `auth.password.argon2id`; 2 is argon2id. */
const made = await hash(PASSWORD, { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 })

await serveJobs({ verify: { step: () => verify(made, PASSWORD) } })
