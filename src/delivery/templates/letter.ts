import type { Locale } from '../../contract/locale.js'
import { deviceParts } from '../../runtime/device-name.js'
import type { MailClient, MailContent } from '../mail-content.js'
import { plainName } from '../plain-name.js'
import { german } from './de.js'
import { english } from './en.js'
import { spanish } from './es.js'
import { french } from './fr.js'
import type { LetterText, LetterValues, Phrases } from './phrases.js'
import { chinese } from './zh.js'

const PHRASES: Readonly<Record<Locale, Phrases>> = { en: english, de: german, es: spanish, fr: french, zh: chinese }

/** What a message says, before it has a form. */
export interface Letter {
  readonly locale: Locale
  readonly subject: string
  readonly title: string
  readonly greeting: string
  readonly paragraphs: readonly string[]
  readonly action: {
    readonly label: string
    readonly openLink: string
    readonly url: string
    /** What the link carries, for who copies it. */
    readonly code: { readonly orPaste: string; readonly token: string; readonly validUntil: string } | null
  } | null
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  readonly closing: readonly string[]
  readonly footer: string
}

/** @param service the name of whoever sends, as the operator configured it */
export function letterOf(content: MailContent, locale: Locale, service: string): Letter {
  const phrases = PHRASES[locale]
  const { subject, title, paragraphs, button, closing } = textOf(phrases, content, {
    service,
    inviter: 'inviter' in content ? plainName(content.inviter) : null,
    tenantName: 'tenantName' in content ? plainName(content.tenantName) : null,
  })
  return {
    locale,
    subject,
    title,
    greeting: phrases.greeting('username' in content ? plainName(content.username) : null),
    paragraphs,
    action: button === undefined ? null : actionOf(phrases, content, locale, button),
    facts: factsOf(phrases, content, locale),
    closing,
    footer: phrases.footer(service),
  }
}

/** One case each, so that a template and its values stay together in the eyes of the compiler. */
function textOf({ letters }: Phrases, content: MailContent, values: LetterValues): LetterText {
  switch (content.template) {
    case 'verify_email':
      return letters.verify_email(values, content)
    case 'email_change':
      return letters.email_change(values, content)
    case 'email_change_requested':
      return letters.email_change_requested(values, content)
    case 'email_changed_notice':
      return letters.email_changed_notice(values, content)
    case 'reset_password':
      return letters.reset_password(values, content)
    case 'password_changed':
      return letters.password_changed(values, content)
    case 'magic_link':
      return letters.magic_link(values, content)
    case 'invitation':
      return letters.invitation(values, content)
    case 'already_registered':
      return letters.already_registered(values, content)
    case 'new_device':
      return letters.new_device(values, content)
    case 'factor_changed':
      return letters.factor_changed(values, content)
  }
}

function actionOf(phrases: Phrases, content: MailContent, locale: Locale, label: string): Letter['action'] {
  const { openLink, orPaste } = phrases
  if ('resetUrl' in content) return { label, openLink, url: content.resetUrl, code: null }
  if (!('code' in content)) return null
  const validUntil = phrases.validUntil(timeIn(locale, content.expiresAt))
  return { label, openLink, url: content.url, code: { orPaste, token: content.code, validUntil } }
}

function factsOf({ facts, browserOnSystem }: Phrases, content: MailContent, locale: Locale): Letter['facts'] {
  const found: { name: string; value: string }[] = []
  if ('at' in content) found.push({ name: facts.time, value: timeIn(locale, content.at) })
  if ('client' in content) {
    const { client } = content
    found.push(
      { name: facts.device, value: deviceOf(client, browserOnSystem) ?? facts.unknown },
      { name: facts.address, value: client.ipAddress ?? facts.unknown },
    )
  }
  return found
}

function deviceOf({ userAgent }: MailClient, join: Phrases['browserOnSystem']): string | null {
  const [first = null, second = null] = deviceParts(userAgent).map(plainName)
  return first !== null && second !== null ? join(first, second) : first
}

/** Nobody's time zone is known, so that it says which one it means. */
function timeIn(locale: Locale, time: number): string {
  return `${new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(time)} UTC`
}
