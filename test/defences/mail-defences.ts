import type { Defence } from './defences.js'

const QUEUE = 'test/mail/queue.test.ts'
const SMTP = 'test/mail/smtp.test.ts'
const TEMPLATES = 'test/mail/templates.test.ts'

function defence(name: string, file: string, from: string, to: string, test: string): Defence {
  return { name: `mail: ${name}`, edits: [{ file, from, to }], tests: [test] }
}

export const MAIL_DEFENCES: readonly Defence[] = [
  defence(
    'one address',
    'delivery/mail-address.ts',
    '!NOT_IN_ADDRESS.test(text)',
    'true',
    'src/delivery/mail-address.test.ts',
  ),
  defence(
    'a claim of its own',
    'features/mail/mail-store.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    'due_at: sql<number>`${storage.now()} + ${sql.lit(claim.lease)}`,',
    '',
    QUEUE,
  ),
  defence('a decoy is never sent', 'features/mail/mail-sender.ts', 'mail.decoy || handedOn', 'handedOn', QUEUE),
  defence(
    'nothing in the clear',
    'features/mail/mail-service.ts',
    "sealed: sealer.seal(id, Buffer.from(JSON.stringify(queued), 'utf8')),",
    "sealed: Buffer.from(JSON.stringify(queued), 'utf8'),",
    QUEUE,
  ),
  defence('a cap for each address', 'features/mail/mail-service.ts', '<= target.requests', '< 1e9', QUEUE),
  defence(
    'no dead token is sent',
    'features/mail/mail-sender.ts',
    "if (row.expires_at <= row.now) return giveUp(row, mail, 'expired')",
    '',
    QUEUE,
  ),
  defence(
    'no password in a failure',
    'delivery/smtp-failure.ts',
    "text = text.replaceAll(secret, '[redacted]')",
    'text = text.replaceAll(secret, secret)',
    SMTP,
  ),
  defence('no recipient in a failure', 'delivery/smtp-failure.ts', ".replace(ADDRESS, '[address]')", '', SMTP),
  defence(
    'TLS where it is required',
    'delivery/smtp-transport.ts',
    "requireTLS: startTls === 'required' && !isSecure,",
    '',
    SMTP,
  ),
  defence(
    'the end of a silent attempt',
    'delivery/smtp-session.ts',
    "else signal.addEventListener('abort', abort, { once: true })",
    '',
    SMTP,
  ),
  defence(
    'HTML without a stranger’s marks',
    'delivery/templates/render-html.ts',
    "ENTITIES[character] ?? ''",
    'character',
    TEMPLATES,
  ),
  defence(
    'names that are names',
    'delivery/plain-name.ts',
    'return isName && ',
    'return (isName || true) && ',
    TEMPLATES,
  ),
]
