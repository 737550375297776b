import { createServer } from 'node:net'
import PostalMime from 'postal-mime'
import type { SMTPServerOptions } from 'smtp-server'
import { describe, expect, it } from 'vitest'
import { MailFailure } from '../../src/delivery/mail-message.js'
import { createMailTransport } from '../../src/delivery/mail-transport.js'
import { renderMail } from '../../src/delivery/render-mail.js'
import { useSecrets } from '../secrets/record.js'
import { CODE, client } from './office.js'
import { CERTIFICATE, dialogue, openPeer, openSmtpServer } from './smtp-server.js'

const PASSWORD = 'p@ss/wörd: 7Zq-kM2x'

const message = renderMail(
  { template: 'reset_password', url: `https://example.com/reset#token=${CODE}`, code: CODE, expiresAt: 0, client },
  {
    id: '01920000-0000-7000-8000-000000000001',
    from: { name: 'Bücher, Inc.', address: 'no-reply@example.com' },
    to: 'rene@example.com',
    locale: 'de',
    date: Date.UTC(2026, 10, 21, 14, 40),
  },
)

interface Setting {
  readonly scheme?: 'smtp' | 'smtps'
  readonly user?: string
  readonly tls?: 'auto' | 'required' | 'off'
  readonly caFile?: string | null
  readonly signal?: AbortSignal
}

function send(
  port: number,
  { scheme = 'smtp', user, tls = 'auto', caFile = CERTIFICATE, signal = new AbortController().signal }: Setting = {},
) {
  const account = user === undefined ? '' : `${user}:${encodeURIComponent(PASSWORD)}@`
  const url = `${scheme}://${account}localhost:${port}`
  return createMailTransport({ url, tls, caFile }, '/nowhere').send(message, signal)
}

async function failureOf(sending: Promise<unknown>): Promise<MailFailure> {
  const error = await sending.then(
    () => new Error('it was sent'),
    (reason: unknown) => reason,
  )
  if (error instanceof MailFailure) return error
  throw error
}

const onAuth: SMTPServerOptions['onAuth'] = ({ username, password }, _session, callback) => {
  if (password === PASSWORD) callback(null, { user: username })
  else callback(new Error(`no: ${password}`))
}

useSecrets(PASSWORD)

describe('a message handed to a mail server', () => {
  it('arrives as it was written', async () => {
    const { port, received } = await openSmtpServer()
    expect(await send(port)).toEqual({})
    const [{ from, to, raw = '', isSecure } = { from: '', to: [], isSecure: false }] = received
    expect([from, to, isSecure]).toEqual(['no-reply@example.com', ['rene@example.com'], true])
    const mail = await PostalMime.parse(raw)
    expect(mail).toMatchObject({
      from: { name: 'Bücher, Inc.', address: 'no-reply@example.com' },
      to: [{ address: 'rene@example.com' }],
      subject: message.subject,
      date: '2026-11-21T14:40:00.000Z',
      messageId: '<01920000-0000-7000-8000-000000000001@example.com>',
    })
    expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(message.text.trimEnd())
    expect(mail.html?.replaceAll('\r\n', '\n').trimEnd()).toBe(message.html.trimEnd())
    expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }))
    expect(raw).toMatch(new RegExp(`^${CODE}\\r$`, 'm'))
  })

  it.each<[string, Setting, SMTPServerOptions]>([
    ['smtps', { scheme: 'smtps' }, { secure: true }],
    ['STARTTLS', { tls: 'required' }, {}],
  ])('is sent over %s with a password', async (_name, setting, options) => {
    const { port, received } = await openSmtpServer({ ...options, authOptional: false, onAuth })
    await send(port, { ...setting, user: 'mailer' })
    expect(received.map(({ user, isSecure }) => [user, isSecure])).toEqual([['mailer', true]])
  })

  it('is sent in the clear where that is asked for', async () => {
    const { port, received } = await openSmtpServer()
    await send(port, { tls: 'off' })
    expect(received.map(({ isSecure }) => isSecure)).toEqual([false])
  })

  it('is sent as ASCII to a server that takes nothing else, with the token in one piece', async () => {
    const { port, received } = await openSmtpServer({ hide8BITMIME: true, disabledCommands: ['STARTTLS'] })
    await send(port)
    const raw = received[0]?.raw ?? ''
    expect(raw).toMatch(/^[\t\n\r\x20-\x7e]*$/)
    expect(raw).toMatch(new RegExp(`^${CODE}\\r$`, 'm'))
    expect((await PostalMime.parse(raw)).text?.replaceAll('\r\n', '\n').trimEnd()).toBe(message.text.trimEnd())
  })
})

describe('a mail server', () => {
  // ASVS 12.3.2
  it('that cannot prove who it is gets neither message nor password', async () => {
    const { port, received } = await openSmtpServer({ secure: true, authOptional: false, onAuth })
    const failure = await failureOf(send(port, { scheme: 'smtps', user: 'mailer', caFile: null }))
    expect([failure.permanent, received]).toEqual([false, []])
    expect(failure.message).toMatch(/self.signed/)
  })

  // ASVS 12.3.1
  it('that offers no TLS where it is required gets neither', async () => {
    const peer = await openPeer(
      dialogue({ greeting: '220 hello', EHLO: '250-hello\r\n250 AUTH PLAIN', STARTTLS: '502 what?', QUIT: '221 bye' }),
    )
    const failure = await failureOf(send(peer.port, { tls: 'required', user: 'mailer' }))
    expect([failure.stage, failure.permanent]).toEqual(['tls', false])
    expect(peer.heard()).not.toMatch(/AUTH|MAIL/)
  })

  // ASVS 16.2.5
  it('that refuses the password is told of without it, though it repeats it', async () => {
    const refuse: SMTPServerOptions['onAuth'] = ({ password = '' }, _session, callback) =>
      callback(new Error(`no: ${password}`))
    const { port } = await openSmtpServer({ authOptional: false, onAuth: refuse })
    const failure = await failureOf(send(port, { user: 'mailer' }))
    expect([failure.stage, failure.permanent, failure.replyCode]).toEqual(['authentication', false, 535])
    expect(failure.message).toContain('no: [redacted]')
  })

  const polite = { greeting: '220 hello', EHLO: '250 hello', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on' }
  it.each<[string, Record<string, string>, string, boolean, number]>([
    ['refuses the connection', { greeting: '554 no' }, 'connection', false, 554],
    ['is busy', { greeting: '421 later' }, 'connection', false, 421],
    ['refuses the sender', { ...polite, MAIL: '550 not you' }, 'sender', false, 550],
    ['does not know the recipient', { ...polite, RCPT: '550 <rene@example.com> unknown' }, 'recipient', true, 550],
    ['greylists', { ...polite, RCPT: '451 later' }, 'recipient', false, 451],
    ['refuses the content', { ...polite, '.': '554 spam' }, 'message', true, 554],
    ['is full', { ...polite, '.': '452 full' }, 'message', false, 452],
  ])('that %s is told of', async (_name, replies, stage, permanent, replyCode) => {
    const peer = await openPeer(dialogue(replies))
    const failure = await failureOf(send(peer.port))
    expect([failure.stage, failure.permanent, failure.replyCode]).toEqual([stage, permanent, replyCode])
    expect(failure.message).not.toContain('rene')
    await peer.closed()
  })

  it('that drops the connection amid the message may be tried again', async () => {
    const peer = await openPeer(dialogue({ ...polite, content: 'drop' }))
    const failure = await failureOf(send(peer.port))
    expect([failure.stage, failure.permanent, failure.replyCode]).toEqual(['connection', false, null])
  })

  it.each<[string, Record<string, string>]>([
    ['never greets', {}],
    ['falls silent at the greeting', { greeting: '220 hello' }],
    ['falls silent at the recipient', { ...polite, RCPT: '' }],
    ['never confirms the message', polite],
  ])('that %s is left at the deadline', async (_name, { RCPT, ...replies }) => {
    const peer = await openPeer(dialogue({ ...replies, ...(RCPT && { RCPT }) }))
    const failure = await failureOf(send(peer.port, { signal: AbortSignal.timeout(300) }))
    expect([failure.stage, failure.permanent]).toEqual(['timeout', false])
    await peer.closed()
  })

  it('that is not there is told of', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    const failure = await failureOf(send(typeof address === 'object' && address ? address.port : 1))
    expect([failure.stage, failure.permanent]).toEqual(['connection', false])
  })
})
