import type { Config } from '../../config/config.js'
import { parseSender } from '../../config/sender.js'
import type { MailSettings } from './mail-service.js'

export function mailSettings({ mail, limits }: Config): MailSettings {
  const from = parseSender(mail.from)
  if (from === null) throw new Error('a configuration was taken whose sender is none')
  return { from, locale: mail.locale, target: limits.enabled ? limits.mailTarget : null }
}
