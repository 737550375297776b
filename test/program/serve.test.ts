import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { built, emptyFolder, MASTER_SECRET, run, serve } from './run-program.js'

const REGISTRATION = JSON.stringify({ email: 'a@b.example', password: 'violet-anchor-7-lantern' })

beforeAll(built, 120_000)

// ASVS 13.4.2
describe('serve', () => {
  it('needs nothing, answers at the one address that it prints, and ends with 0 on SIGTERM', async () => {
    const { url, child, output, ended } = await serve([], { folder: await emptyFolder() })
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(output.stdout.match(/http:\/\//g)).toHaveLength(1)
    expect(output.stderr).toBe('')
  })

  it('logs JSON lines beside that line, when nobody looks', async () => {
    const { child, output, ended } = await serve([], { folder: await emptyFolder() })
    child.kill('SIGTERM')
    await ended
    const lines = output.stdout.trimEnd().split('\n')
    const logged = lines.filter((line) => !line.startsWith('Sallyport listens'))
    expect(logged.length).toBe(lines.length - 1)
    for (const line of logged)
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.any(String) })
  })

  it('ends with 0 on SIGINT too', async () => {
    const { child, ended } = await serve([], { folder: await emptyFolder() })
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  })

  it('keeps accounts over a restart', async () => {
    const folder = await emptyFolder()
    const first = await serve([], { folder })
    expect((await post(`${first.url}/auth/register`)).status).toBe(201)
    first.child.kill('SIGTERM')
    await first.ended
    const second = await serve([], { folder })
    expect((await post(`${second.url}/auth/login`)).status).toBe(200)
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  it.runIf(hasIpv6)('prints an IPv6 address in brackets, as a URL that works', async () => {
    const { url } = await serve(['--host', '::1'], { folder: await emptyFolder() })
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
  })

  it('has a port for operators where one is set, which answers until the stop', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'sallyport.yaml'), 'server: { admin_port: 0 }\nlog: { format: json }\n')
    const { url, child, output, ended } = await serve([], { folder })
    const { url: admin } = await logged(output, 'metrics and health have a port of their own')
    const statuses = async (path: string) => [(await fetch(url + path)).status, (await fetch(admin + path)).status]
    expect(await statuses('/metrics')).toEqual([404, 200])
    expect(await statuses('/health/ready')).toEqual([200, 200])
    expect(await statuses('/auth/me')).toEqual([401, 404])
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('ends where its main port is taken, though that of operators was free', async () => {
    const folder = await emptyFolder()
    const taken = await serve([], { folder })
    await writeFile(join(folder, 'sallyport.yaml'), 'server: { admin_port: 0 }\n')
    const { code, stderr } = await run(['serve', '--port', new URL(taken.url).port], { folder })
    expect([code, stderr]).toEqual([1, expect.stringContaining('is taken by another program')])
  })

  it('has room for hashes, files and names in its thread pool', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'sallyport.yaml'), 'auth: { max_concurrent_hashes: 200 }')
    const small = await serve([], { folder })
    expect(small.output.stdout).toContain('fewer threads than hashes')
    const large = await serve([], { folder, env: { MAX_CONCURRENT_LOGINS: '200' } })
    expect(large.output.stdout).not.toContain('fewer threads than hashes')
  })

  it.each([['127.0.0.1'], ['localhost']])('starts in bypass mode at %s, and warns though nobody logs', async (host) => {
    const env = { AUTH_MODE: 'bypass', LOG_LEVEL: 'silent', HOST: host }
    const { url, output } = await serve([], { folder: await emptyFolder(), env })
    expect(output.stderr).toMatch(/\[SALLYPORT_BYPASS\] Warning: .*bypass/)
    expect((await fetch(`${url}/auth/login-bypass`, { method: 'POST' })).status).toBe(200)
    const forwarded = { method: 'POST', headers: { 'x-forwarded-for': '127.0.0.1' } }
    expect((await fetch(`${url}/auth/login-bypass`, forwarded)).status).toBe(403)
    expect((await fetch(`${url}/auth/verify`, { headers: { via: '1.1 tunnel' } })).status).toBe(403)
  })

  it('warns of what is weak or without effect so far', async () => {
    const env = { SALLYPORT_SECRET: 'change-me', AUTH_MODE: 'stateless' }
    const { output } = await serve([], { folder: await emptyFolder(), env })
    expect(output.stdout).toContain('got a placeholder')
    expect(output.stdout).not.toContain('change-me')
  })
})

describe('being told to stop', () => {
  it('lets a request that is under way finish, takes no new connection, and closes the ones that idle', async () => {
    const { url, child, ended, output } = await serve([], { folder: await emptyFolder() })
    const { hostname, port } = new URL(url)
    const idle = connect(Number(port), hostname)
    await once(idle, 'connect')
    const idleClosed = once(idle, 'close')

    // Half of its body is sent, so that the request is surely under way when the signal comes.
    const late = request(`${url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(REGISTRATION) },
    })
    const answered = once(late, 'response')
    late.write(REGISTRATION.slice(0, 10))
    await fetch(`${url}/health/live`)
    child.kill('SIGTERM')
    await waitFor(() => output.stdout.includes('stopping'))
    // The log tells the decision; a connection may still slip in before the port is closed.
    await expect.poll(() => refusedConnection(Number(port), hostname), { timeout: 10_000 }).toBe(true)
    late.end(REGISTRATION.slice(10))

    const [response]: IncomingMessage[] = await answered
    expect(response?.statusCode).toBe(201)
    response?.resume()
    await idleClosed
    expect(await ended).toBe(0)
  })

  it('a second signal ends it at once', async () => {
    const { url, child, ended, output } = await serve([], { folder: await emptyFolder() })
    const hanging = request(`${url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    })
    hanging.on('error', () => undefined)
    hanging.write('{')
    await fetch(`${url}/health/live`)
    child.kill('SIGTERM')
    await waitFor(() => output.stdout.includes('stopping'))
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })
})

describe('a start that is not possible: one line on stderr, exit code 1, no stack', () => {
  async function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { code, stdout, stderr } = await run(['serve', ...args], { folder: await emptyFolder(), env })
    expect(code).toBe(1)
    expect(stdout).not.toContain('listens')
    expect(stderr).not.toMatch(/^\s+at /m)
    return stderr
  }

  it('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    const line = await refusal(['--port', String(port)])
    other.close()
    expect(line).toBe(
      `sallyport: 127.0.0.1:${port} is taken by another program: end it, or choose another port (--port, PORT)\n`,
    )
  })

  it('the address is not of this machine', async () => {
    expect(await refusal(['--port', '0', '--host', '203.0.113.9'])).toContain('is not an address of this machine')
  })

  it('the database does not answer', async () => {
    const env = { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x', SALLYPORT_SECRET: MASTER_SECRET }
    const line = await refusal(['--port', '0'], env)
    expect(line).toContain('PostgreSQL at')
    expect(line).not.toContain('hunter2')
  })

  it('a variable is missing', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/x' }
    expect(await refusal(['--port', '0'], env)).toContain('SALLYPORT_SECRET secret: expected a secret')
  })

  it.each([
    ['NODE_ENV=production', [], { NODE_ENV: 'production' }],
    ['every address', [], { HOST: '0.0.0.0' }],
    ['every IPv6 address, by option', ['--host', '::'], {}],
    ['a name', [], { HOST: 'laptop.example' }],
    ['a public URL', [], { PUBLIC_URL: 'http://laptop.example' }],
    ['https', [], { PUBLIC_URL: 'https://localhost' }],
  ])('bypass with %s', async (_, args, env) => {
    expect(await refusal(['--port', '0', ...args], { AUTH_MODE: 'bypass', ...env })).toContain('bypass')
  })

  it('bypass behind a proxy, as a file says', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'sallyport.yaml'), 'server: { trust_proxy: [127.0.0.1] }\nauth: { mode: bypass }\n')
    const { code, stderr } = await run(['serve', '--port', '0'], { folder })
    expect([code, stderr]).toEqual([1, expect.stringContaining('bypass together with a trusted proxy')])
  })
})

function post(url: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: REGISTRATION })
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** True where the connection is refused, or closed without a byte. */
function refusedConnection(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })
}

/** The line of the log with that message, once it is there. */
async function logged(output: { readonly stdout: string }, message: string): Promise<{ readonly url: string }> {
  for (;;) {
    const line = output.stdout.split('\n').find((one) => one.includes(message))
    if (line !== undefined) return z.object({ url: z.string() }).parse(JSON.parse(line))
    await sleep(10)
  }
}
