import { describe, expect, it } from 'vitest'
import { createSampleApp } from '../../test/http/sample-app.js'

const sample = createSampleApp()
const get = (path: string, headers: Record<string, string> = {}) => sample.send('GET', path, { headers })

describe('GET /openapi.json', () => {
  it('is the document of the application, and may be kept for a minute', async () => {
    const answer = await get('/openapi.json')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(sample.app.openapi())))
  })

  it('is not sent again to who has it', async () => {
    const etag = (await get('/openapi.json')).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const answer = await get('/openapi.json', { 'if-none-match': known })
      expect(answer.status).toBe(304)
      expect(await answer.text()).toBe('')
      expect(answer.headers.get('etag')).toBe(etag)
    }
    expect((await get('/openapi.json', { 'if-none-match': '"other"' })).status).toBe(200)
  })
})

describe('GET /docs', () => {
  it('is a page that needs no other host and runs no inline script', async () => {
    const answer = await get('/docs')
    const page = await answer.text()
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /)
    expect(answer.headers.get('content-security-policy')).not.toMatch(/script-src[^;]*(unsafe|http|\*|data)/)
    expect(page).not.toMatch(/\/\/|\son\w+=|javascript:|<script>/)
    expect(page).toMatch(/<script src="docs\/docs\.js">/)
  })

  it('has all its files here, with their types', async () => {
    const page = await (await get('/docs')).text()
    const files = [...page.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map(([, file]) => file ?? '')
    expect(files).toHaveLength(3)
    for (const file of files) {
      const answer = await get(`/${file}`)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe(
        `text/${file.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`,
      )
      expect(answer.headers.get('cache-control')).toBe('public, max-age=86400')
      expect((await answer.text()).length).toBeGreaterThan(100)
      expect((await get(`/${file}`, { 'if-none-match': answer.headers.get('etag') ?? '' })).status).toBe(304)
    }
  })

  it('serves nothing beside them', async () => {
    for (const path of [
      '/docs/package.json',
      '/docs/..%2fpackage.json',
      '/docs/swagger-ui.css/',
      '/docs/',
      '/docs/index.html',
    ]) {
      expect((await get(path)).status).toBe(404)
    }
  })
})
