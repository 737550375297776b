import { expect, it, vi } from 'vitest'
import { verifyPassword } from '../../src/features/passwords/password-hash.js'
import { describeEachAuth } from './each-auth.js'
import { newcomer, PASSWORD, post, signIn } from './people.js'

const gate = vi.hoisted(() => ({ open: Promise.resolve() }))

vi.mock('../../src/features/passwords/password-hash.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/features/passwords/password-hash.js')>()
  return {
    ...original,
    verifyPassword: vi.fn(async (hash: string, password: string) => {
      await gate.open
      return original.verifyPassword(hash, password)
    }),
  }
})

describeEachAuth('A client that has gone away', (stage) => {
  it('leaves the queue of hashes: its password is not looked at, and counts as no guess', async () => {
    const auth = await stage.open({
      config: { auth: { maxConcurrentHashes: 1, session: { maxLoginAttempts: 2 } } },
    })
    const [person, other] = [await newcomer(auth), await newcomer(auth)]
    let release: () => void = () => undefined
    gate.open = new Promise((resolve) => {
      release = resolve
    })
    vi.mocked(verifyPassword).mockClear()
    const running = post(auth, '/auth/login', { email: other.email, password: PASSWORD })
    await vi.waitFor(() => expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(1))
    const client = new AbortController()
    const gone = ['wrong password 1', 'wrong password 2'].map((password) =>
      auth.request('/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: person.email, password }),
        signal: client.signal,
      }),
    )
    await vi.waitFor(async () => expect(await auth.metrics()).toContain('sallyport_password_hash_queue 2'))
    client.abort()
    expect((await Promise.all(gone)).map(({ status }) => status)).toEqual([503, 503])
    expect(await auth.metrics()).toContain('sallyport_password_hash_queue 0')
    release()
    expect((await running).status).toBe(200)
    expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(1)
    expect((await post(auth, '/auth/login', { email: person.email, password: 'wrong password 3' })).status).toBe(401)
    await signIn(auth, person)
  })
})
