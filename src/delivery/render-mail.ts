import type { MailContent } from './mail-content.js'
import type { MailMessage, Sender } from './mail-message.js'
import { letterOf } from './templates/letter.js'
import { renderHtml } from './templates/render-html.js'
import { renderText } from './templates/render-text.js'

/** A message in its language, in its two forms. */
export function renderMail(
  content: MailContent,
  { locale, from, ...envelope }: Pick<MailMessage, 'id' | 'from' | 'to' | 'locale' | 'date'>,
): MailMessage {
  const letter = letterOf(content, locale, serviceOf(from))
  return { ...envelope, from, locale, subject: letter.subject, text: renderText(letter), html: renderHtml(letter) }
}

/** What the service calls itself: the name of the sender, or the domain of the address. */
function serviceOf({ name, address }: Sender): string {
  return name ?? address.slice(address.lastIndexOf('@') + 1)
}
