import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { openStorage } from '../../src/storage/open-storage.js'
import { built, emptyFolder, run, type Served, serve } from '../program/run-program.js'
import { useSecrets, useTokensIn } from '../secrets/record.js'
import { openPeer, openSmtpServer } from './smtp-server.js'

beforeAll(built, 120_000)

const PASSWORD = 'correct horse battery staple'

/** Registers somebody who is asked to prove the address: it takes a message. */
async function register({ url }: Served, email: string): Promise<number> {
  const started = performance.now()
  const answer = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  })
  expect(answer.status).toBe(201)
  return performance.now() - started
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

it('writes messages to files that their owner alone reads, and names them in the log', async () => {
  const folder = await emptyFolder()
  const server = await serve([], { folder })
  await register(server, 'anna@example.com')
  const outbox = join(folder, 'data', 'outbox')
  const list = () => readdir(outbox).catch((): string[] => [])
  await until(async () => (await list()).some((name) => name.endsWith('.eml')))
  const [name = ''] = await list()
  const text = await readFile(join(outbox, name), 'utf8')
  useTokensIn(text)
  expect((await stat(join(outbox, name))).mode & 0o777).toBe(0o600)
  expect((await stat(outbox)).mode & 0o777).toBe(0o700)
  expect(text).toMatch(/^spt_[\w-]{43}\r$/m)
  await until(() => server.output.stdout.includes(name))
})

it('answers while the mail server hangs, and sends what was queued after kill -9', async () => {
  const folder = await emptyFolder()
  const silent = await openPeer(() => undefined)
  const start = (port: number) => serve([], { folder, env: { SMTP_URL: `smtp://127.0.0.1:${port}` } })
  const first = await start(silent.port)
  for (let person = 0; person < 6; person++) await register(first, `person-${person}@example.com`)
  // The first are under way and hang; the others wait behind them.
  await until(() => silent.connections() > 0)
  first.child.kill('SIGKILL')
  await first.ended

  const { port, received } = await openSmtpServer({ disabledCommands: ['STARTTLS'] })
  const storage = await openStorage({
    ...{ url: `sqlite:${join(folder, 'data', 'sallyport.db')}`, directUrl: null, pool: { max: 1 } },
    ...{ statementTimeout: 10_000, allowUnsafeDurability: false, production: false },
  })
  const waiting = await storage.db.selectFrom('mail_queue').select(['id', 'due_at']).execute()
  expect(waiting).toHaveLength(6)
  // What the dead server had taken is its own for a minute; the test does not wait for it.
  await storage.db.updateTable('mail_queue').set({ due_at: 0 }).execute()
  await storage.close()
  const second = await start(port)
  await until(() => received.length === 6)
  expect(new Set(received.flatMap(({ to }) => to)).size).toBe(6)
  for (const { raw } of received) useTokensIn(raw)
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
})

it('tells of a refused password without it, and of the day when it is taken', async () => {
  const folder = await emptyFolder()
  const secret = 'x7Kq-refused-Zm3Rp'
  useSecrets(secret)
  let isRight = false
  const { port, received } = await openSmtpServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ password = '' }, _session, callback) =>
      isRight ? callback(null, { user: 'mailer' }) : callback(new Error(`wrong: ${password}`)),
  })
  const server = await serve([], { folder, env: { SMTP_URL: `smtp://mailer:${secret}@127.0.0.1:${port}` } })
  await register(server, 'anna@example.com')
  await until(() => server.output.stdout.includes('mail cannot be sent'))
  expect(server.output.stdout).toContain('"stage":"authentication"')
  isRight = true
  await until(() => received.length === 1)
  for (const { raw } of received) useTokensIn(raw)
  await until(() => server.output.stdout.includes('mail can be sent again'))
  expect(server.output.stdout).not.toContain(secret)
})

it('sends a message as a trial, and says what the server answered', async () => {
  const folder = await emptyFolder()
  const { port, received } = await openSmtpServer({ disabledCommands: ['STARTTLS'] })
  const trial = (smtp: number, to: string) =>
    run(['mail', 'test', '--to', to, '--json'], { folder, env: { SMTP_URL: `smtp://127.0.0.1:${smtp}` } })
  const sent = await trial(port, 'operator@example.com')
  expect([sent.code, received.map(({ to }) => to)], sent.stderr).toEqual([0, [['operator@example.com']]])
  expect(sent.json).toMatchObject({ sent: true })
  const refusing = await openPeer((socket) => socket.end('554 no mail here\r\n'))
  const refused = await trial(refusing.port, 'operator@example.com')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('554 no mail here')
})
