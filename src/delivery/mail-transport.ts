import { join } from 'node:path'
import type { MailTransport } from './mail-message.js'
import { createOutboxTransport } from './outbox-transport.js'
import { smtpSettings } from './smtp-settings.js'
import { createSmtpTransport } from './smtp-transport.js'

export interface MailTransportSettings {
  readonly url: string | null
  readonly tls: 'auto' | 'required' | 'off'
  readonly caFile: string | null
}

/** The mail server where one is configured, else the outbox in the data folder. Nothing is opened before a message. */
export function createMailTransport({ url, tls, caFile }: MailTransportSettings, dataDir: string): MailTransport {
  return url === null
    ? createOutboxTransport(join(dataDir, 'outbox'))
    : createSmtpTransport(smtpSettings(url, tls), caFile)
}
