import { z } from 'zod'

/** Where something was asked for, or done: shown to who gets the message, so that they can tell whether it was them. */
const client = z.object({ ipAddress: z.string().nullable(), userAgent: z.string().nullable() })

/** What can be used once, by whoever has it. */
const oneTime = {
  /** The page of the link, with the token in its fragment. */
  url: z.string(),
  /** The bare token, for who copies it. */
  code: z.string(),
  /** Milliseconds since the epoch. A message that could not be sent until then is not sent any more. */
  expiresAt: z.number(),
}

/** Milliseconds since the epoch. */
const at = z.number()

/** What every message says, by its template, with the values that the template needs. */
export const mailContent = z.discriminatedUnion('template', [
  z.object({ template: z.literal('verify_email'), ...oneTime, username: z.string().nullable(), client }),
  z.object({ template: z.literal('email_change'), ...oneTime, newEmail: z.string() }),
  /** These two to the address that was: `newEmail` is masked, and the token takes the change back. */
  z.object({ template: z.literal('email_change_requested'), newEmail: z.string(), client, at }),
  z.object({ template: z.literal('email_changed_notice'), ...oneTime, newEmail: z.string(), client, at }),
  z.object({ template: z.literal('reset_password'), ...oneTime, client }),
  z.object({ template: z.literal('password_changed'), client, at }),
  z.object({ template: z.literal('magic_link'), ...oneTime, client }),
  z.object({
    template: z.literal('invitation'),
    ...oneTime,
    inviter: z.string().nullable(),
    tenantName: z.string().nullable(),
  }),
  /** Somebody tried to register with an address that has an account. */
  z.object({ template: z.literal('already_registered'), resetUrl: z.string(), client }),
  z.object({ template: z.literal('new_device'), client, at }),
  z.object({
    template: z.literal('factor_changed'),
    what: z.enum(['totp_added', 'totp_removed', 'passkey_added', 'passkey_removed', 'recovery_codes_renewed']),
    client,
    at,
  }),
])

export type MailContent = z.output<typeof mailContent>
export type MailTemplate = MailContent['template']
export type MailClient = z.output<typeof client>
