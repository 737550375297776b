import { createHash } from 'node:crypto'
import { loadPackage } from '../runtime/load-package.js'
import type { MailMessage } from './mail-message.js'
import { quotedPrintable } from './quoted-printable.js'

/** The message as it travels (RFC 5322, MIME). */
export interface ComposedMail {
  readonly raw: Buffer
  /** True where bytes beyond ASCII stand in it as they are, which takes a server with 8BITMIME (RFC 6152). */
  readonly isEightBit: boolean
}

/**
 * Writes a message out. Its lines are never broken or encoded where the server takes them as they are, so that a
 * token in it can be found by who looks at the file; otherwise quoted-printable, which leaves short ASCII lines alone.
 */
export async function composeMail(message: MailMessage, canEightBit: boolean): Promise<ComposedMail> {
  const { default: MimeNode } = await loadPackage('nodemailer', 'Mail', () => import('nodemailer/lib/mime-node'))
  const { id, from, to, subject, text, html, locale, date } = message
  const header = (name: string, value: Parameters<typeof MimeNode.encodeHeaderValue>[1]) =>
    // Between encoded words a line may end (RFC 2047 §2).
    `${name}: ${MimeNode.encodeHeaderValue(name, value).replaceAll('?= =?', '?=\n =?')}`
  const boundary = `=_${createHash('sha256').update(`${id} boundary`).digest('hex').slice(0, 32)}`
  const part = (type: string, content: string) => {
    const isAscii = isAsciiText(content)
    const encoding = isAscii ? '7bit' : canEightBit ? '8bit' : 'quoted-printable'
    const body = encoding === 'quoted-printable' ? quotedPrintable(content) : content
    return [
      `--${boundary}`,
      `Content-Type: ${type}; charset=utf-8`,
      `Content-Transfer-Encoding: ${encoding}`,
      '',
      body,
    ].join('\n')
  }
  const isEightBit = canEightBit && !(isAsciiText(text) && isAsciiText(html))
  const lines = [
    header('From', from.name === null ? { address: from.address } : { name: from.name, address: from.address }),
    header('To', { address: to }),
    header('Subject', subject),
    `Date: ${new Date(date).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    'MIME-Version: 1.0',
    // RFC 3834 §5.1: nobody's holiday notice answers it.
    'Auto-Submitted: auto-generated',
    'X-Auto-Response-Suppress: All',
    `Content-Language: ${locale}`,
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
    '',
    part('text/plain', text),
    part('text/html', html),
    `--${boundary}--`,
    '',
  ]
  return { raw: Buffer.from(lines.join('\n').replace(/\r?\n/g, '\r\n'), 'utf8'), isEightBit }
}

function isAsciiText(text: string): boolean {
  return /^[\t\n\r\x20-\x7e]*$/.test(text)
}
