import { describe, expect, it } from 'vitest'
import { safeReturnPath, signInPath } from './next-return-path.js'

describe('safeReturnPath', () => {
  it.each(['/', '/dashboard', '/a/b?c=d&e=/f#g', '/search?q=http://example.com', '/caf%C3%A9', '/a/../b'])(
    'keeps %s',
    (path) => expect(safeReturnPath(path, '/fallback')).toBe(path === '/a/../b' ? '/b' : path),
  )

  it.each([
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/..//evil.example',
    '/.//evil.example',
    '/%2e%2e//evil.example',
    'javascript:alert(1)',
    ' /dashboard',
    'dashboard',
    '',
    `/${'a'.repeat(3000)}`,
    null,
    undefined,
    ['/one', '/two'],
  ])('gives the fallback for %j', (value) => expect(safeReturnPath(value, '/fallback')).toBe('/fallback'))

  it('never gives what a browser would take to another site', () => {
    const signs = ['/', '\\', '.', '%2e', '%2f', '%5c', '@', ':', '\t', ' ', 'evil.example']
    for (const one of signs)
      for (const two of signs)
        for (const three of signs) {
          const path = safeReturnPath(`/${one}${two}${three}evil.example`)
          expect(new URL(path, 'https://own.example').origin, path).toBe('https://own.example')
          expect(path).toMatch(/^\/(?!\/)/)
        }
  })
})

describe('signInPath', () => {
  it('names the page to lead back to', () => {
    expect(signInPath('/sign-in', '/a?b=c')).toBe('/sign-in?return_to=%2Fa%3Fb%3Dc')
    expect(signInPath('/sign-in?lang=de', '/a')).toBe('/sign-in?lang=de&return_to=%2Fa')
  })

  it('leaves out what is not safe', () => expect(signInPath('/sign-in', '//evil.example')).toBe('/sign-in'))
})
