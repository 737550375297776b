import type { Phrases } from './phrases.js'

const FACTORS = {
  totp_added: 'An authenticator app was added to your account.',
  totp_removed: 'The authenticator app was removed from your account.',
  passkey_added: 'A passkey was added to your account.',
  passkey_removed: 'A passkey was removed from your account.',
  recovery_codes_renewed: 'New recovery codes were made for your account. The old ones no longer work.',
}

const NOT_YOU = 'If this was not you, reset your password at once: somebody else may have access to your account.'

export const english: Phrases = {
  greeting: (name) => (name === null ? 'Hello,' : `Hello ${name},`),
  openLink: 'Open this link:',
  orPaste: 'Or paste this code:',
  validUntil: (time) => `This works once, until ${time}.`,
  facts: { time: 'Time', device: 'Device', address: 'IP address', unknown: 'unknown' },
  browserOnSystem: (browser, system) => `${browser} on ${system}`,
  footer: (service) => `${service} sent this message automatically. Replies are not read.`,
  letters: {
    verify_email: ({ service }) => ({
      subject: `Confirm your email address for ${service}`,
      title: 'Confirm your email address',
      paragraphs: [
        `Somebody opened an account at ${service} with this email address. If that was you, confirm that the address is yours.`,
      ],
      button: 'Confirm the address',
      closing: [
        'If it was not you, do not confirm: the account stays unconfirmed, and whoever opened it gets no proof of your address.',
      ],
    }),
    email_change: ({ service }, { newEmail }) => ({
      subject: `Confirm your new email address for ${service}`,
      title: 'Confirm your new email address',
      paragraphs: [
        `Your account at ${service} is to use the address ${newEmail}. The change takes effect once you confirm it.`,
      ],
      button: 'Confirm the new address',
      closing: ['If you did not ask for this, ignore this message: nothing changes without your confirmation.'],
    }),
    email_changed_notice: ({ service }, { newEmail }) => ({
      subject: `The email address of your ${service} account was changed`,
      title: 'Your email address was changed',
      paragraphs: [
        `Your account at ${service} now uses the address ${newEmail}. This address is no longer connected with it.`,
      ],
      button: 'Take the change back',
      closing: [
        'If this was not you, take the change back: your account gets this address again, is signed out everywhere, and you set a new password.',
      ],
    }),
    email_change_requested: ({ service }, { newEmail }) => ({
      subject: `A new email address for your ${service} account`,
      title: 'A new email address was asked for',
      paragraphs: [
        `Somebody who is signed in to your account at ${service} wants it to use the address ${newEmail}. It does so once that address is confirmed.`,
      ],
      closing: ['If this was not you, set a new password at once: somebody else has access to your account.'],
    }),
    reset_password: ({ service }) => ({
      subject: `Reset your ${service} password`,
      title: 'Reset your password',
      paragraphs: [`Somebody asked to reset the password of your account at ${service}. Choose a new one here.`],
      button: 'Choose a new password',
      closing: ['If it was not you, ignore this message: your password stays as it is.'],
    }),
    password_changed: ({ service }) => ({
      subject: `Your ${service} password was changed`,
      title: 'Your password was changed',
      paragraphs: [`The password of your account at ${service} was changed.`],
      closing: [NOT_YOU],
    }),
    magic_link: ({ service }) => ({
      subject: `Sign in to ${service}`,
      title: 'Sign in',
      paragraphs: [
        `Somebody asked for a link to sign in to your account at ${service}. Open it in the browser in which you asked for it.`,
      ],
      button: 'Sign in',
      closing: ['If it was not you, ignore this message, and give the link and the code to nobody.'],
    }),
    invitation: ({ service, inviter, tenantName }) => ({
      subject: `You are invited to ${service}`,
      title: 'You are invited',
      paragraphs: [
        `${inviter ?? 'An administrator'} invites you to ${tenantName === null ? service : `${tenantName} at ${service}`}. Accept to open your account.`,
      ],
      button: 'Accept the invitation',
      closing: ['If you do not expect an invitation, ignore this message.'],
    }),
    already_registered: ({ service }) => ({
      subject: `You already have an account at ${service}`,
      title: 'You already have an account',
      paragraphs: [
        `Somebody tried to open an account at ${service} with this email address, which has one already. Nothing was changed.`,
        'If it was you, sign in as usual. If you no longer know your password, set a new one.',
      ],
      button: 'Set a new password',
      closing: ['If it was not you, there is nothing to do.'],
    }),
    new_device: ({ service }) => ({
      subject: `New sign-in to your ${service} account`,
      title: 'A new device signed in',
      paragraphs: [`Your account at ${service} was signed in to from a device that it had not been used from before.`],
      closing: ['If this was you, there is nothing to do.', NOT_YOU],
    }),
    factor_changed: ({ service }, { what }) => ({
      subject: `The sign-in methods of your ${service} account were changed`,
      title: 'Your sign-in methods were changed',
      paragraphs: [FACTORS[what]],
      closing: [NOT_YOU],
    }),
  },
}
