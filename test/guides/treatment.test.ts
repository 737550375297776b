import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/load-config.js'
import { GUIDE_PROGRAMS } from '../package/guide-programs.js'
import { blocksOf, guidePages } from './code-blocks.js'
import { SHELL_PAGES } from './shell-pages.js'

const blocks = guidePages().flatMap(blocksOf)
const pagesOf = (entries: readonly { readonly page: string }[]) => entries.map(({ page }) => page)

/**
 * What becomes of a block in each language: the pages that a test runs, by that test. Configuration and documents are
 * tried below, whatever page they stand on.
 */
const RUN_BY: readonly { languages: readonly string[]; pages: readonly string[]; test: string }[] = [
  { languages: ['sh'], pages: pagesOf(SHELL_PAGES), test: 'test/guides/shell-blocks.test.ts' },
  {
    languages: ['console'],
    pages: ['docs/guides/sessions.md', 'docs/guides/email.md'],
    test: 'test/guides/shell-blocks.test.ts',
  },
  { languages: ['ts', 'js'], pages: pagesOf(GUIDE_PROGRAMS), test: 'test/package/guide-programs.test.ts' },
  { languages: ['ts'], pages: ['docs/guides/library.md'], test: 'test/package/library-guide.test.ts' },
  { languages: ['js'], pages: ['docs/guides/cookies-and-csrf.md'], test: 'test/browser/cookie-guide.test.ts' },
  { languages: ['ts', 'tsx'], pages: ['docs/guides/react.md'], test: 'test/browser/react-guide.test.ts' },
  {
    languages: ['ts', 'tsx', 'js'],
    pages: ['docs/guides/nextjs.md'],
    test: 'test/examples/next-app.test.ts',
  },
  {
    languages: ['js', 'text'],
    pages: ['docs/guides/microservices.md'],
    test: 'test/program/microservices-guide.test.ts',
  },
  { languages: ['js'], pages: ['docs/guides/modes.md'], test: 'test/program/modes-guide.test.ts' },
]
/** The last by test/proxies/guide-blocks.test.ts. */
const TRIED_ANYWHERE = ['yaml', 'json', 'nginx']

/** Blocks that nothing can try, and why. */
const UNTRIED: Readonly<Record<string, string>> = {
  'docs/guides/websocket.md ': 'frames of the protocol, which test/websockets/authentication.test.ts exchanges',
}

describe('the code blocks of the pages', () => {
  it('are all found', () => {
    expect(guidePages().length).toBeGreaterThan(15)
    expect(blocks.length).toBeGreaterThan(60)
  })

  it('are all tried by something', () => {
    const untried = blocks.filter(({ page, language }) => {
      if (TRIED_ANYWHERE.includes(language)) return false
      if (UNTRIED[`${page} ${language}`] !== undefined) return false
      return !RUN_BY.some(({ languages, pages }) => languages.includes(language) && pages.includes(page))
    })
    expect(untried.map(({ page, line, language }) => `${page}:${line} ${language}`)).toEqual([])
  })

  it('have no entry for what is not there', () => {
    const isThere = (page: string, language: string) =>
      blocks.some((block) => block.page === page && block.language === language)
    for (const { languages, pages, test } of RUN_BY) {
      readFileSync(join(import.meta.dirname, '..', '..', test))
      for (const page of pages)
        expect({ page, isThere: languages.some((one) => isThere(page, one)) }).toEqual({ page, isThere: true })
    }
    for (const entry of Object.keys(UNTRIED)) {
      const [page = '', language = ''] = entry.split(' ')
      expect({ entry, isThere: isThere(page, language) }).toEqual({ entry, isThere: true })
    }
  })
})

/** What the variables of the examples hold at their reader's. */
const ENVIRONMENT = {
  DATABASE_URL: 'postgres://sallyport@pooler.internal/sallyport',
  DIRECT_URL: 'postgres://sallyport@db.internal/sallyport',
  JWT_SECRET: 'Vt2mK8wQzR4pXn7LcJ6yBd3HsF9gTe5u',
  JWT_SECRET_NEW: 'pXn7LcJ6yBd3HsF9gTe5uVt2mK8wQzR4',
  REDIS_URL: 'redis://cache.internal:6379',
  METRICS_TOKEN: 'b3HsF9gTe5uVt2mK8wQzR4pXn7LcJ6yd',
  SALLYPORT_SECRET: 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u',
  SMTP_URL: 'smtp://user:password@mail.example.com:587',
  PUBLIC_URL: 'https://auth.example.com',
}

it('every configuration is usable as it stands', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-guides-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const configurations = blocks.filter(({ language }) => language === 'yaml')
  expect(configurations.length).toBeGreaterThan(10)
  for (const { page, line, text } of configurations) {
    const named = Object.entries(ENVIRONMENT).filter(([name]) => text.includes(`\${${name}}`))
    const env = { SALLYPORT_SECRET: ENVIRONMENT.SALLYPORT_SECRET, ...Object.fromEntries(named) }
    writeFileSync(join(folder, 'sallyport.yaml'), text)
    const loaded = await loadConfig({ cwd: folder, env }).catch((error: unknown) => String(error))
    expect({ page, line, loaded }).toMatchObject({ page, line, loaded: { file: 'sallyport.yaml' } })
  }
})

it('every document is what its name says', () => {
  const documents = blocks.filter(({ language }) => language === 'json')
  expect(documents.length).toBeGreaterThan(0)
  for (const { text } of documents) expect(() => JSON.parse(text)).not.toThrow()
})
