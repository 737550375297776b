import { expect, it, vi } from 'vitest'
import { describeEachAuth } from '../flows/each-auth.js'
import { codeOf, newcomer, PASSWORD, post, standingOf } from '../flows/people.js'

/** While it is closed, a hash keeps its place among those that are computed. */
const gate = vi.hoisted(() => ({ open: Promise.resolve() }))

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return {
    ...original,
    async verifyPassword(hash: string, password: string) {
      await gate.open
      return original.verifyPassword(hash, password)
    },
  }
})

describeEachAuth('More sign-ins than there are cores', (stage) => {
  it('wait in a bounded queue, and past it are told when to come again', async () => {
    const hashQueue = { max: 2, deadline: 60_000 }
    const auth = await stage.open({ config: { auth: { maxConcurrentHashes: 1, hashQueue } } })
    const person = await newcomer(auth)
    let release = () => {}
    gate.open = new Promise((resolve) => {
      release = resolve
    })
    const refused: Response[] = []
    const attempts = Array.from({ length: 8 }, async () => {
      const answer = await post(auth, '/auth/login', { email: person.email, password: PASSWORD })
      if (answer.status !== 200) refused.push(answer)
      return answer.status
    })

    // One is computed and two wait; nobody else is kept.
    await vi.waitFor(() => expect(refused).toHaveLength(5), { timeout: 20_000 })
    for (const answer of refused) {
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(await codeOf(answer)).toBe('overloaded')
    }
    // Who is signed in notices nothing.
    expect(await standingOf(auth, person.access_token)).toBe('200')

    release()
    expect((await Promise.all(attempts)).filter((status) => status === 200)).toHaveLength(3)
    expect((await post(auth, '/auth/login', { email: person.email, password: PASSWORD })).status).toBe(200)
  })
})
