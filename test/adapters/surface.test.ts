import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { newEmail, PASSWORD } from '../flows/people.js'
import { describeEachApplication, refusalOf } from './application.js'
import { APPLICATION } from './stack.js'

describeEachApplication('The surface that is mounted', (application) => {
  it('answers whole: sign-up, sign-in with every cookie, documents, health', async () => {
    const { send } = application()
    const account = { email: newEmail(), password: PASSWORD }
    expect((await send('POST', '/auth/register', {}, account)).status).toBe(201)
    const answer = await send('POST', '/api/auth/login', {}, { ...account, transport: 'cookie' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.getSetCookie().map((line) => line.replace(/=.*/, ''))).toEqual([
      'session_id',
      'refresh_token',
      'refresh_token',
      'known_device',
    ])
    for (const path of ['/health/live', '/.well-known/jwks.json', '/openapi.json']) {
      expect((await send('GET', path)).status, path).toBe(200)
    }
    expect((await send('HEAD', '/health/live')).status).toBe(200)
  })

  it('leaves to the application what is not its own, and what it was told to', async () => {
    const { send } = application()
    for (const path of ['/', '/users/42', '/docs']) {
      expect(await (await send('GET', path)).json(), path).toEqual(APPLICATION)
    }
    expect((await send('GET', '/authors')).status).toBe(404)
  })

  it('answers what is wrong below its own paths itself', async () => {
    const { send } = application()
    expect(await refusalOf(await send('GET', '/auth/nothing'))).toBe('404 not_found')
    expect(await refusalOf(await send('DELETE', '/auth/login'))).toBe('405 method_not_allowed')
    expect(await refusalOf(await send('POST', '/auth/login', {}, { email: 1 }).then(withoutErrors))).toBe(
      '400 invalid_request',
    )
    expect(await refusalOf(await send('POST', '/auth/logout', { origin: 'https://evil.example' }))).toBe(
      '403 csrf_rejected',
    )
  })

  it('answers forward authentication with any method of the framework', async () => {
    const { send, newcomer } = application()
    const { bearer, userId } = await newcomer()
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS']) {
      expect((await send(method, '/auth/verify', bearer)).headers.get('x-auth-user-id'), method).toBe(userId)
    }
  })

  it('refuses a body that is too large, whether or not it says so, and stays usable', async () => {
    const { send, sendRaw } = application()
    const large = { email: newEmail(), password: 'x'.repeat(100_000) }
    expect(await refusalOf(await send('POST', '/auth/register', {}, large))).toBe('413 payload_too_large')
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(6)
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
    expect((await sendRaw('POST /auth/register', headers, `${chunk}0\r\n\r\n`)).status).toBe(413)
    expect((await send('GET', '/health/live')).status).toBe(200)
  })

  it('outlives who goes away in the middle of a body', async () => {
    const { send, origin } = application()
    const { port } = new URL(origin)
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        const head = 'POST /auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
        socket.write(`${head}Content-Length: 1000\r\n\r\n{"email":`, () => socket.destroy())
      })
      socket.on('close', () => resolve())
      socket.on('error', reject)
    })
    expect((await send('GET', '/health/live')).status).toBe(200)
  })

  it('is found by the path as it was sent: no other spelling reaches it, or passes for it', async () => {
    const { sendRaw, newcomer, stack } = application()
    const { accessToken } = await newcomer()
    const signedIn = [`Authorization: Bearer ${accessToken}`]
    // Somebody in front who resolves dots would see a path of the application; here it is none at all.
    const dotted = ['/auth/../admin', '/auth/%2e%2e/admin', '/auth/./me']
    for (const path of [...(stack.resolvesDots ? [] : dotted), '/auth/me/', '/auth//me', '/auth/m%65']) {
      expect((await sendRaw(`GET ${path}`, signedIn)).status, path).toBe(404)
    }
    for (const path of ['//auth/me', '/%61uth/me', '/auth%2fme', '/auth%2Fme', '/auth;x=1/me', '/AUTH/ME']) {
      const answer = await sendRaw(`GET ${path}`, signedIn)
      expect(answer.status, path).toBe(404)
      expect(answer.text).not.toContain('@example.com')
    }
  })

  it('refuses a header that must be there once and was sent twice', async () => {
    const { sendRaw, newcomer } = application()
    const [one, other] = [await newcomer(), await newcomer()]
    const twice = [`Authorization: Bearer ${one.accessToken}`, `Authorization: Bearer ${other.accessToken}`]
    for (const path of ['/auth/me', '/me']) {
      const { status, text } = await sendRaw(`GET ${path}`, twice)
      expect([400, 401], path).toContain(status)
      expect(text).toMatch(/"code":"invalid_(?:request|token)"/)
    }
  })
})

/** The answer without the list of fields that were wrong. */
async function withoutErrors(answer: Response): Promise<Response> {
  const { errors: _, ...body } = Object(await answer.json())
  return new Response(JSON.stringify(body), { status: answer.status, headers: answer.headers })
}
