import { afterAll, beforeAll, describe, expect } from 'vitest'
import { z } from 'zod'
import { createTestAuth, type TestAuth } from '../../src/testing/index.js'
import { Browser } from '../flows/browser.js'
import { newEmail, PASSWORD } from '../flows/people.js'
import { sendRaw } from '../http/raw-socket.js'
import type { Running, Stack } from './stack.js'
import { STACKS } from './stacks.js'

type Mode = 'stateful' | 'stateless'

/** A running application, and people who use it. */
export interface Application {
  readonly mode: Mode
  readonly auth: TestAuth
  readonly stack: Stack
  readonly origin: string
  send(method: string, path: string, headers?: Record<string, string>, json?: unknown): Promise<Response>
  /** Bytes as they are: a request line, headers, a body. */
  sendRaw(line: string, headers?: readonly string[], body?: string): ReturnType<typeof sendRaw>
  /** Somebody new, by header. */
  newcomer(): Promise<{
    readonly userId: string
    readonly accessToken: string
    readonly bearer: Record<string, string>
  }>
  /** Somebody new, by the cookies of a browser: the headers that it sends from a page of the application. */
  browser(): Promise<{ readonly browser: Browser; cookie(): string; headers(): Record<string, string> }>
}

/** Tells the same of every framework, in both modes, on real sockets. */
export function describeEachApplication(title: string, suite: (application: () => Application) => void): void {
  describe.each(STACKS)(`${title} in $name`, (stack) => {
    describe.each(['stateful', 'stateless'] as const)('in %s mode', (mode) => {
      let auth: TestAuth
      let server: Running
      beforeAll(async () => {
        auth = await createTestAuth({ config: { auth: { mode } } })
        server = await stack.start(auth)
      })
      afterAll(async () => {
        await server?.close()
        await auth?.close()
      })
      suite(() => applicationOf(stack, mode, auth, server.port))
    })
  })
}

function applicationOf(stack: Stack, mode: Mode, auth: TestAuth, port: number): Application {
  const origin = `http://127.0.0.1:${port}`
  return {
    ...{ mode, auth, stack, origin },
    send: (method, path, headers = {}, json) =>
      fetch(origin + path, {
        method,
        headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
    sendRaw: (line, headers = [], body = '') =>
      sendRaw(
        port,
        [`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: close', ...headers, '', body].join('\r\n'),
      ),
    async newcomer() {
      const { accessToken, user } = await auth.api.register({ email: newEmail(), password: PASSWORD })
      return { userId: user.id, accessToken, bearer: { authorization: `Bearer ${accessToken}` } }
    },
    async browser() {
      const browser = new Browser(auth)
      const json = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
      expect((await browser.send('POST', '/auth/register', { json })).status).toBe(201)
      const cookie = () => browser.cookieHeader('/me')
      return { browser, cookie, headers: () => ({ cookie: cookie(), origin, 'sec-fetch-site': 'same-origin' }) }
    },
  }
}

const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
})

const caller = z.object({
  userId: z.string(),
  tenantId: z.string(),
  username: z.string(),
  session: z.object({ id: z.string() }),
  isJwtMode: z.boolean(),
  claims: z.record(z.string(), z.unknown()).nullable(),
  agrees: z.literal(true),
})

/** What a handler was told of its caller. */
export async function callerIn(answer: Response) {
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return caller.parse(JSON.parse(text))
}

/** The code of a refusal, in all its parts as the contract has them. */
export async function refusalOf(answer: Response): Promise<string> {
  const text = await answer.text()
  expect(answer.headers.get('content-type'), text).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  const body = problem.parse(JSON.parse(text))
  expect(body.status).toBe(answer.status)
  expect(body.request_id).toBe(answer.headers.get('x-request-id'))
  expect(answer.headers.has('www-authenticate')).toBe(answer.status === 401)
  return `${answer.status} ${body.code}`
}
