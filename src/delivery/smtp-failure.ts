import { z } from 'zod'
import { MailFailure } from './mail-message.js'
import type { SmtpSettings } from './smtp-settings.js'

/** What nodemailer tells of an error beside its message. */
const details = z.object({
  code: z.string().optional().catch(undefined),
  command: z.string().optional().catch(undefined),
  responseCode: z.number().optional().catch(undefined),
})

const LONGEST_CAUSE = 200
const ADDRESS = /[^\s<>"'()]+@[^\s<>"'()]+/g

/**
 * What went wrong, without the recipient, and without the password that the server may have repeated. Only what was
 * said of this recipient or this message is for ever: whatever else the server refuses is its state, or the operator's
 * mistake, and is tried again.
 */
export function smtpFailure(
  error: unknown,
  signal: AbortSignal,
  credentials: SmtpSettings['credentials'],
): MailFailure {
  if (error instanceof MailFailure) return error
  if (signal.aborted) return new MailFailure('timeout', 'the mail server took too long')
  const { code = '', command = '', responseCode: replyCode = null } = details.catch({}).parse(error)
  const stage = stageOf(code, command)
  const isOfMessage = stage === 'recipient' || stage === 'message'
  const permanent = isOfMessage && replyCode !== null && replyCode >= 500 && replyCode < 600 && replyCode !== 503
  return new MailFailure(stage, causeOf(error, credentials), { permanent, replyCode })
}

function stageOf(code: string, command: string): string {
  if (code === 'EAUTH' || command.startsWith('AUTH')) return 'authentication'
  if (code === 'ETLS' || command === 'STARTTLS') return 'tls'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (command === 'MAIL FROM') return 'sender'
  if (command === 'RCPT TO') return 'recipient'
  if (command === 'DATA' || code === 'EMESSAGE') return 'message'
  return 'connection'
}

function causeOf(error: unknown, credentials: SmtpSettings['credentials']): string {
  let text = error instanceof Error ? error.message : String(error)
  for (const secret of secretsOf(credentials)) text = text.replaceAll(secret, '[redacted]')
  return text.replace(ADDRESS, '[address]').slice(0, LONGEST_CAUSE)
}

function secretsOf(credentials: SmtpSettings['credentials']): readonly string[] {
  if (credentials === null || credentials.pass === '') return []
  const { user, pass } = credentials
  const plain = Buffer.from(`\0${user}\0${pass}`).toString('base64')
  return [pass, Buffer.from(pass).toString('base64'), plain]
}
