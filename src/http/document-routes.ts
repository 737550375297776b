import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { HeaderGetter } from './credentials.js'
import { defineRoute, type Route } from './define-route.js'
import { DOCS_CSP, docsHtml, docsScript, readDocsAsset } from './docs-page.js'
import type { OpenApiDocument } from './http-app-types.js'
import type { Reply } from './route.js'

const guard = { authentication: 'none', csrf: 'none' } as const
const SECONDS = { document: 60, asset: 86_400 } as const
const unchanged = { description: 'What `If-None-Match` names is still so' }

/** `GET /openapi.json`, and `GET /docs` with its files: public documents, all from this origin. */
export function documentRoutes(document: () => OpenApiDocument): Route[] {
  let openapi: Kept | null = null
  const page = keep(docsHtml)
  const script = keep(docsScript)
  return [
    defineRoute({
      method: 'GET',
      base: 'root',
      path: '/openapi.json',
      operationId: 'getOpenapi',
      summary: 'This document',
      tag: 'documents',
      guard,
      responses: {
        200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) },
        304: unchanged,
      },
      errors: [],
      async handle({ header }) {
        openapi ??= keep(JSON.stringify(document()))
        return cacheable(header, 'application/json; charset=utf-8', openapi, SECONDS.document)
      },
    }),
    defineRoute({
      method: 'GET',
      base: 'root',
      path: '/docs',
      operationId: 'getDocs',
      summary: 'The API reference as a page',
      tag: 'documents',
      guard,
      responses: { 200: { description: 'A page', contentType: 'text/html' }, 304: unchanged },
      errors: [],
      handle: async ({ header }) => {
        const reply = cacheable(header, 'text/html; charset=utf-8', page, SECONDS.document)
        return { ...reply, headers: { ...reply.headers, 'content-security-policy': DOCS_CSP } }
      },
    }),
    assetRoute('docs.js', 'getDocsScript', 'text/javascript', async () => script),
    assetRoute('swagger-ui-bundle.js', 'getDocsBundle', 'text/javascript', assetOf('swagger-ui-bundle.js')),
    assetRoute('swagger-ui.css', 'getDocsStyle', 'text/css', assetOf('swagger-ui.css')),
  ]
}

function assetRoute(name: string, operationId: string, contentType: string, read: () => Promise<Kept>): Route {
  return defineRoute({
    method: 'GET',
    base: 'root',
    path: `/docs/${name}`,
    operationId,
    summary: `A file of the page at \`/docs\``,
    tag: 'documents',
    guard,
    responses: { 200: { description: 'The file', contentType }, 304: unchanged },
    errors: [],
    handle: async ({ header }) => cacheable(header, `${contentType}; charset=utf-8`, await read(), SECONDS.asset),
  })
}

/** What is sent again and again, with the tag that took a pass over all of it. */
interface Kept {
  readonly content: string | Uint8Array<ArrayBuffer>
  readonly etag: string
}

function keep(content: Kept['content']): Kept {
  return { content, etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"` }
}

function assetOf(name: string): () => Promise<Kept> {
  let kept: Kept | null = null
  return async () => {
    kept ??= keep(await readDocsAsset(name))
    return kept
  }
}

function cacheable(header: HeaderGetter, contentType: string, { content, etag }: Kept, seconds: number): Reply {
  const caching = { etag, 'cache-control': `public, max-age=${seconds}` }
  const known = (header('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (known.includes(etag)) return { status: 304, headers: caching }
  return { status: 200, headers: caching, raw: { contentType, content } }
}
