import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { LOCALES, type Locale } from '../../src/contract/locale.js'
import { composeMail } from '../../src/delivery/compose-mail.js'
import { type MailContent, mailContent } from '../../src/delivery/mail-content.js'
import { plainName } from '../../src/delivery/plain-name.js'
import { renderMail } from '../../src/delivery/render-mail.js'
import { CODE } from './office.js'
import { SAMPLES } from './samples.js'

const ORIGIN = 'https://login.example.com'

function rendered(content: MailContent, locale: Locale = 'en', name: string | null = 'Example') {
  return renderMail(content, {
    id: '01920000-0000-7000-8000-000000000001',
    from: { name, address: 'no-reply@example.com' },
    to: 'anna@example.com',
    locale,
    date: Date.UTC(2026, 10, 21),
  })
}

const every = LOCALES.flatMap((locale) => SAMPLES.map((content) => ({ locale, content, template: content.template })))

it('there is a sample of every template', () => {
  expect(SAMPLES.map(({ template }) => template).toSorted()).toEqual(
    mailContent.options.map(({ shape }) => shape.template.value).toSorted(),
  )
})

describe.each(every)('$template in $locale', ({ locale, content }) => {
  it('is whole in each form and encoding, with a token that anybody finds', async () => {
    const message = rendered(content, locale)
    for (const canEightBit of [true, false]) {
      const { raw, isEightBit } = await composeMail(message, canEightBit)
      const file = raw.toString('utf8')
      if ('code' in content) {
        expect(file.match(new RegExp(`^${CODE}\\r$`, 'gm'))).toHaveLength(1)
        if (canEightBit) expect(file.match(/spt_[\w-]+/g)?.every((token) => token === CODE)).toBe(true)
      }
      expect(isEightBit || /^[\t\n\r\x20-\x7e]*$/.test(file)).toBe(true)
      // RFC 5322 §2.1.1
      expect(
        raw
          .toString('latin1')
          .split('\r\n')
          .every((line) => line.length <= 998),
      ).toBe(true)
      const { subject, text, html } = await PostalMime.parse(raw)
      expect(subject).toBe(message.subject)
      expect(text?.trimEnd()).toBe(message.text.trimEnd())
      expect(html?.trimEnd()).toBe(message.html.trimEnd())
    }
  })

  // ASVS 1.2.1
  it('loads nothing, runs nothing and leads nowhere else', () => {
    const { html } = rendered(content, locale)
    expect(html).not.toMatch(/<(?:script|link|img|iframe|object|base|form|input|svg)|\bsrc=|url\(|@import|\bon[a-z]+=/i)
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, url = '']) => new URL(url).origin)
    expect(links).toEqual('url' in content || 'resetUrl' in content ? [ORIGIN] : [])
    expect(html).toContain(`<html lang="${locale}">`)
  })

  it('says who writes and is told apart from the other languages', () => {
    const { subject, text } = rendered(content, locale)
    expect([subject, text].every((part) => part.includes('Example'))).toBe(true)
    for (const other of LOCALES.filter((some) => some !== locale))
      expect(rendered(content, other).subject).not.toBe(subject)
  })
})

describe('what strangers choose', () => {
  const verify = SAMPLES.find((content) => content.template === 'verify_email')
  const named = (username: string) => rendered(mailContent.parse({ ...verify, username }))

  // ASVS 1.2.1
  it.each([
    '<img src=x onerror=alert(1)>',
    'You won! Go to https://evil.example now',
    'evil.example',
    'call me at evil@example.org',
    'anna\r\nBcc: victim@example.com',
    'one two three four five six',
    '‮evil',
    'x'.repeat(41),
  ])('is no name that is written to others: %j', (username) => {
    const { subject, text, html } = named(username)
    for (const part of [subject, text, html]) expect(part).not.toContain(username)
    expect(text.split('\n')[0]).toBe('Hello,')
  })

  it.each(['Anna', 'Anna-Lena O’Neill', 'J. R. Müller', '李小龙', 'anna_b', "D'Arcy"])(
    'may be a name: %s',
    (username) => {
      expect(named(username).text.split('\n')[0]).toBe(`Hello ${username},`)
      expect(plainName(username)).toBe(username)
    },
  )

  // ASVS 1.3.11
  it('stands in no subject, and ends no header', async () => {
    const content = mailContent.parse({
      ...verify,
      username: 'Mallory',
      client: { ipAddress: null, userAgent: 'evil.example/1\r\nBcc: a@b' },
    })
    const plain = rendered(content)
    expect(plain.subject).not.toContain('Mallory')
    expect(plain.text).not.toContain('evil.example')
    const { raw } = await composeMail(rendered(content, 'fr', 'Émile, "Inc." <x@y>'), true)
    const parsed = await PostalMime.parse(raw)
    expect(parsed).toMatchObject({
      from: { name: 'Émile, "Inc." <x@y>', address: 'no-reply@example.com' },
      to: [{ address: 'anna@example.com' }],
    })
    expect(parsed.bcc).toBeUndefined()
  })

  it('is escaped where the operator or the owner chose it', () => {
    const { html } = rendered(
      {
        template: 'email_change_requested',
        newEmail: '"<b>&\'@example.com',
        client: { ipAddress: null, userAgent: null },
        at: 0,
      },
      'en',
      'A & B <Ltd>',
    )
    expect(html).toContain('&quot;&lt;b&gt;&amp;&#39;@example.com')
    expect(html).toContain('A &amp; B &lt;Ltd&gt;')
    expect(html).not.toContain('<b>')
  })
})
