import type { MailContent } from '../../src/delivery/mail-content.js'
import { CODE } from './office.js'

const at = Date.UTC(2026, 10, 21, 14, 40)
const expiresAt = at + 900_000
const client = {
  ipAddress: '203.0.113.7',
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36',
}
const link = (page: string) => ({
  url: `https://login.example.com/auth/pages/${page}#token=${CODE}`,
  code: CODE,
  expiresAt,
})

/** One message of every template. */
export const SAMPLES: readonly MailContent[] = [
  { template: 'verify_email', ...link('verify-email'), username: 'Anna Müller', client },
  { template: 'email_change', ...link('email-change'), newEmail: 'anna.mueller@example.org' },
  { template: 'email_change_requested', newEmail: 'a***@example.org', client, at },
  { template: 'email_changed_notice', ...link('email-undo'), newEmail: 'a***@example.org', client, at },
  { template: 'reset_password', ...link('reset-password'), client },
  { template: 'password_changed', client, at },
  { template: 'magic_link', ...link('magic-link'), client },
  { template: 'invitation', ...link('invitation'), inviter: 'Otto', tenantName: 'Research' },
  { template: 'already_registered', resetUrl: 'https://login.example.com/auth/pages/reset-password', client },
  { template: 'new_device', client, at },
  { template: 'factor_changed', what: 'totp_removed', client, at },
]
