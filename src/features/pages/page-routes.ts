import { createHash } from 'node:crypto'
import type { Locale } from '../../contract/locale.js'
import { defineRoute, type Route } from '../../http/define-route.js'
import { pageDocument } from './page-document.js'
import { PAGE_CSP, pageScript, pageStyle } from './page-files.js'
import { german } from './page-texts-de.js'
import { english } from './page-texts-en.js'
import { spanish } from './page-texts-es.js'
import { french } from './page-texts-fr.js'
import { chinese } from './page-texts-zh.js'
import { PAGE_NAMES, type PageName, type PageTexts } from './page-types.js'

const TEXTS: Readonly<Record<Locale, PageTexts>> = { en: english, de: german, es: spanish, fr: french, zh: chinese }
const guard = { authentication: 'none', csrf: 'none' } as const
const FILE_SECONDS = 3600

/** The pages that links in mails lead to, for who has none of their own. @param goOn where they lead on to at the end */
export function pageRoutes(goOn: string | null): readonly Route[] {
  return [
    ...PAGE_NAMES.map((name) => pageRoute(name, goOn)),
    fileRoute('page.js', 'getPageScript', 'text/javascript', pageScript),
    fileRoute('page.css', 'getPageStyle', 'text/css', pageStyle),
  ]
}

function pageRoute(name: PageName, goOn: string | null): Route {
  return defineRoute({
    method: 'GET',
    base: 'auth',
    path: `/pages/${name}`,
    operationId: `${camelCase(name)}Page`,
    summary: `A page that mail leads to: ${english.pages[name].title}`,
    tag: 'Pages',
    guard,
    responses: { 200: { description: 'A page, in the language that the browser asks for', contentType: 'text/html' } },
    errors: [],
    async handle({ client }) {
      const locale = client.locale ?? 'en'
      return {
        status: 200,
        raw: {
          contentType: 'text/html; charset=utf-8',
          content: pageDocument(name, TEXTS[locale], { locale, goOn }),
        },
        headers: {
          'content-security-policy': PAGE_CSP,
          'cross-origin-opener-policy': 'same-origin',
          'content-language': locale,
          vary: 'Accept-Language',
        },
      }
    },
  })
}

function fileRoute(name: string, operationId: string, contentType: string, content: string): Route {
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`
  return defineRoute({
    method: 'GET',
    base: 'auth',
    path: `/pages/${name}`,
    operationId,
    summary: 'A file of the pages that mail leads to',
    tag: 'Pages',
    guard,
    responses: { 200: { description: 'The file', contentType } },
    errors: [],
    handle: async () => ({
      status: 200,
      raw: { contentType: `${contentType}; charset=utf-8`, content },
      headers: { etag, 'cache-control': `public, max-age=${FILE_SECONDS}` },
    }),
  })
}

function camelCase(name: PageName): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
