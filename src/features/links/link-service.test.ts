import { describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../config/config.js'
import { createLinkService } from './link-service.js'

const linksOf = (server: ConfigInput['server'], auth: ConfigInput['auth'] = {}) =>
  createLinkService(parseConfig({ server, auth, secret: 'kV3vQ1mZ8xT4bN7cW2yR5uJ9pL6dF0sA' }, { nodeEnv: 'test' }))

describe('a link in a mail', () => {
  it('leads to a page of Sallyport under the public URL, with the token in the fragment', () => {
    const links = linksOf({ publicUrl: 'https://accounts.example.com', basePaths: ['/api/auth', '/auth'] })
    expect(links.to('verifyEmail', 'spt_x')).toBe(
      'https://accounts.example.com/api/auth/pages/verify-email#token=spt_x',
    )
    expect(links.forgotPassword()).toBe('https://accounts.example.com/api/auth/pages/forgot-password')
    links.listensOn(4711)
    expect(links.to('magicLink', 'spt_x')).toBe('https://accounts.example.com/api/auth/pages/magic-link#token=spt_x')
  })

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:4711'],
    ['localhost', 'http://localhost:4711'],
    ['::1', 'http://[::1]:4711'],
    ['0.0.0.0', 'http://127.0.0.1:4711'],
  ])('without a public URL leads to this machine, listening on %s', (host, origin) => {
    const links = linksOf({ host, port: 0 })
    links.listensOn(4711)
    expect(links.to('resetPassword', 'spt_x')).toBe(`${origin}/auth/pages/reset-password#token=spt_x`)
  })

  it.each([
    ['https://app.example.com/verify', 'https://app.example.com/verify#token=spt_x'],
    ['https://app.example.com/verify?lang=de', 'https://app.example.com/verify?lang=de#token=spt_x'],
    ['https://app.example.com/#/verify?t={token}', 'https://app.example.com/#/verify?t=spt_x'],
    ['http://localhost:5173/verify', 'http://localhost:5173/verify#token=spt_x'],
  ])('leads to a page of one’s own: %s', (verifyEmail, link) => {
    expect(linksOf({}, { links: { verifyEmail } }).to('verifyEmail', 'spt_x')).toBe(link)
  })

  // ASVS 2.2.1
  it.each([
    'http://app.example.com/verify',
    'ftp://app.example.com/',
    'javascript:alert(1)',
    '//app.example.com/verify',
    'https://user:pass@app.example.com/verify',
    'https://app.example.com/verify?token={token}',
    'https://{token}.example.com/',
    'https://app.example.com/#{token}{token}',
    'https://app.example.com/#/verify',
    'https://app.example.com/#{host}{token}',
    'https://app.example.com/a b',
    'not a URL',
  ])('is not configured as %s', (verifyEmail) => {
    expect(() => linksOf({}, { links: { verifyEmail } })).toThrow('verifyEmail')
  })
})
