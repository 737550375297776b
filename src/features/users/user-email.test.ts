import { describe, expect, it } from 'vitest'
import { normaliseEmail } from './user-email.js'

describe('an email address', () => {
  it.each([
    ['anna@example.com', 'anna@example.com'],
    ['  Anna@EXAMPLE.com ', 'anna@example.com'],
    ['anna@example.com.', 'anna@example.com'],
    ['ａｎｎａ@ｅｘａｍｐｌｅ.com', 'anna@example.com'],
    ['anna＠example.com', 'anna@example.com'],
    ['ren\u0065\u0301@example.com', 'ren\u00e9@example.com'],
    ['anna@BÜCHER.example', 'anna@xn--bcher-kva.example'],
    ['anna@xn--bcher-kva.example', 'anna@xn--bcher-kva.example'],
    ['anna.b+tag@example.com', 'anna.b+tag@example.com'],
    ["o'neill@localhost", "o'neill@localhost"],
  ])('%j is stored as %j', (text, email) => {
    expect(normaliseEmail(text)).toBe(email)
  })

  it.each([
    '',
    '@',
    'anna',
    'anna@',
    '@example.com',
    'a@x.com,b@y.com',
    'a@x.com;b',
    '"a" <b@y.com>',
    'a b@example.com',
    'a@b@example.com',
    'a@x.com\r\nBcc: v@y.com',
    'a\0@example.com',
    'a\u200b@example.com',
    'a@exa%6dple.com',
    'a@example.com/path',
    'a@example..com',
    'a@-example.com',
    'a@[127.0.0.1]',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(130)}com`,
    'x'.repeat(100_000),
  ])('%j is refused', (text) => {
    expect(normaliseEmail(text)).toBeNull()
  })

  it('keeps one spelling when it is applied again', () => {
    const once = normaliseEmail('İstanbul@Example.COM') ?? ''
    expect(once).not.toBe('')
    expect(normaliseEmail(once)).toBe(once)
  })
})
