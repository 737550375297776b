import { readFile } from 'node:fs/promises'
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import { loadPackage } from '../runtime/load-package.js'
import { composeMail } from './compose-mail.js'
import { MailFailure, type MailTransport } from './mail-message.js'
import { smtpFailure } from './smtp-failure.js'
import { SmtpSession } from './smtp-session.js'
import type { SmtpSettings } from './smtp-settings.js'

/** Milliseconds. The whole attempt has a deadline of its own. */
const CONNECTION_TIMEOUT = 10_000
const GREETING_TIMEOUT = 15_000
const SILENCE_TIMEOUT = 30_000
const CLOSE_TIMEOUT = 1_000

/**
 * Hands messages to a mail server: a connection for each, so that one that hangs holds up nothing else.
 * @param caFile certificates that the server's is checked against, instead of the well-known authorities'
 */
export function createSmtpTransport(settings: SmtpSettings, caFile: string | null): MailTransport {
  const { host, port, isSecure, startTls, credentials } = settings

  async function connectionOf() {
    const { default: Connection } = await loadPackage(
      'nodemailer',
      'Mail',
      () => import('nodemailer/lib/smtp-connection'),
    )
    const ca = caFile === null ? undefined : await certificatesOf(caFile)
    return new Connection({
      host,
      port,
      secure: isSecure,
      requireTLS: startTls === 'required' && !isSecure,
      ignoreTLS: startTls === 'off',
      connectionTimeout: CONNECTION_TIMEOUT,
      dnsTimeout: CONNECTION_TIMEOUT,
      greetingTimeout: GREETING_TIMEOUT,
      socketTimeout: SILENCE_TIMEOUT,
      socketCloseTimeout: CLOSE_TIMEOUT,
      // The operator chose the server, which may well stand in the same network.
      allowInternalNetworkInterfaces: true,
      tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    })
  }

  return {
    async send(message, signal) {
      const connection = await connectionOf()
      const session = new SmtpSession(connection, signal)
      try {
        await session.step((done) => connection.connect(done))
        // Before any other command, the last reply is what the server says it can do.
        const { raw, isEightBit } = await composeMail(
          message,
          /\b8BITMIME\b/i.test(String(connection.lastServerResponse)),
        )
        if (credentials !== null) await session.step((done) => connection.login({ credentials }, done))
        const envelope = { from: message.from.address, to: [message.to], use8BitMime: isEightBit, size: raw.length }
        const info = await session.step<SMTPConnectionSendInfo>((done) => connection.send(envelope, raw, done))
        connection.quit()
        return info?.serverMessageId === undefined ? {} : { server_id: info.serverMessageId }
      } catch (error) {
        connection.close()
        throw smtpFailure(error, signal, credentials)
      }
    },
  }
}

async function certificatesOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new MailFailure('tls', `mail.ca_file cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
}
