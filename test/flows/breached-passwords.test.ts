import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { buildFilter } from '../../src/features/breached-passwords/breached-password-service.js'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { type Answer, openBreachService } from './breach-service.js'
import { codeOf, newEmail, post } from './people.js'

const KNOWN = 'violet anchor breached'
const FRESH = 'violet anchor 7 lantern'
const [PREFIX, SUFFIX] = splitHash(KNOWN)

type PasswordConfig = NonNullable<NonNullable<NonNullable<Parameters<typeof createTestAuth>[0]>['config']>['auth']>

function splitHash(password: string): readonly [string, string] {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  return [digest.slice(0, 5), digest.slice(5)]
}

/** Lines that no password of these tests has. */
const OTHERS = ['0'.repeat(35), 'F'.repeat(35)].map((suffix) => `${suffix}:7`).join('\r\n')

async function opened(password: PasswordConfig['password']): Promise<TestAuth> {
  const auth = await createTestAuth({ config: { auth: { password } } })
  onTestFinished(() => auth.close())
  return auth
}

async function online(answer: Answer, onOutage: 'accept' | 'refuse' = 'accept') {
  const service = await openBreachService(answer)
  const breachLookup = { url: service.url, timeout: '300ms', onOutage } as const
  return { service, auth: await opened({ breached: 'online', breachLookup }) }
}

async function register(auth: TestAuth, password: string): Promise<string> {
  const answer = await post(auth, '/auth/register', { email: newEmail(), password })
  return answer.status === 201 ? '201' : codeOf(answer)
}

/** What every question is answered with. */
const says =
  (text: string): Answer =>
  (_request, response) =>
    response.end(text)

// ASVS 6.2.12
describe('Passwords that are known from breaches, asked for online', () => {
  it('are refused, and others are not; the service learns five characters of a hash', async () => {
    const { auth, service } = await online(says(`${OTHERS}\r\n${SUFFIX}:3\r\n`))
    const answer = await post(auth, '/auth/register', { email: newEmail(), password: KNOWN })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ code: 'breached_password', errors: [{ path: 'password' }] })
    expect(await register(auth, FRESH)).toBe('201')
    expect(service.asked).toEqual([`/range/${PREFIX}`, `/range/${splitHash(FRESH)[0]}`])
    expect(service.headers[0]).toMatchObject({ 'add-padding': 'true', 'user-agent': 'sallyport' })
    const metrics = await auth.metrics()
    expect(metrics).toContain('sallyport_breached_password_lookups_total{outcome="known"} 1')
    expect(metrics).toContain('sallyport_breached_password_lookups_total{outcome="absent"} 1')
  })

  it('are not asked for where the password is refused anyway', async () => {
    const { auth, service } = await online(says(OTHERS))
    expect(await register(auth, 'short')).toBe('weak_password')
    expect(await register(auth, 'password123')).toBe('weak_password')
    expect(service.asked).toEqual([])
  })

  it('do not count where they are padding', async () => {
    const { auth } = await online(says(`${SUFFIX}:0\r\n${OTHERS}`))
    expect(await register(auth, KNOWN)).toBe('201')
  })

  const outages: readonly (readonly [string, Answer])[] = [
    ['hangs', () => undefined],
    ['hangs in the middle', (_request, response) => response.write(`${OTHERS}\r\n`)],
    ['breaks off', (request) => request.socket.destroy()],
    ['answers 503', (_request, response) => response.writeHead(503).end(OTHERS)],
    ['answers nothing', says('')],
    ['answers a page of somebody else', says('<html>Please sign in to this network</html>')],
    ['answers without end', endless],
    ['sends us elsewhere', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ]

  it.each(outages)('are let pass while the service %s', async (_name, answer) => {
    const { auth } = await online(answer)
    expect(await register(auth, KNOWN)).toBe('201')
    expect(await auth.metrics()).toContain('sallyport_breached_password_lookups_total{outcome="failed"} 1')
  })

  it.each(outages)('are refused where configuration says so while the service %s', async (_name, answer) => {
    const { auth } = await online(answer, 'refuse')
    expect(await register(auth, FRESH)).toBe('unavailable')
  })

  it('are not asked for again and again of a service that is gone', async () => {
    const { auth, service } = await online((request) => request.socket.destroy())
    for (let n = 0; n < 6; n++) expect(await register(auth, FRESH)).toBe('201')
    expect(service.asked).toHaveLength(3)
  })
})

describe('Passwords that are known from breaches, by a file', () => {
  it('are refused, and others are not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-breached-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [input, filter] = [join(folder, 'passwords.txt'), join(folder, 'filter')]
    writeFileSync(input, `${KNOWN}\n`)
    await buildFilter({ input, output: filter })
    const auth = await opened({ breached: 'offline', breachLookup: { filter } })
    expect(await register(auth, KNOWN)).toBe('breached_password')
    expect(await register(auth, FRESH)).toBe('201')
    await expect(auth.api.users.create({ email: newEmail(), password: KNOWN })).rejects.toMatchObject({
      code: 'breached_password',
    })
  })

  it('stop the start where the file is missing, or none is named', async () => {
    await expect(opened({ breached: 'offline', breachLookup: { filter: '/nowhere/filter' } })).rejects.toThrow(
      /auth\.password\.breach_lookup\.filter: the file \/nowhere\/filter cannot be read/,
    )
    await expect(opened({ breached: 'offline' })).rejects.toThrow(/breachLookup\.filter: expected the file/)
  })
})

/** More than a range could be, in lines that are well-formed. */
function endless(_request: unknown, response: Parameters<Answer>[1]): void {
  const chunk = `${OTHERS}\r\n`.repeat(1000)
  const send = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', send)
  }
  send()
}
