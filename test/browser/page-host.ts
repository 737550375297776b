import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { z } from 'zod'
import type { Auth } from '../../src/index.js'

/** What a page of a test is: HTML, or a script that HTML names. `null`: Sallyport answers. */
export type Pages = (request: Request) => Promise<Response | null>

export interface PageHost {
  readonly origin: string
  /** How many requests came for a path, since the start or the last `forget`. */
  count(path: string): number
  forget(): void
  close(): Promise<void>
}

const addressSchema = z.object({ port: z.number() })

/** Serves pages and Sallyport from one origin of loopback, with nothing allowed but what this origin sends. */
export async function startPageHost(auth: Auth, pages: Pages): Promise<PageHost> {
  const counts = new Map<string, number>()
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1)
    return (await pages(request)) ?? auth.handler(request, { remoteAddress: '127.0.0.1' })
  }
  const server = createServer(getRequestListener(answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = addressSchema.parse(server.address())
  return {
    origin: `http://127.0.0.1:${port}`,
    count: (path) => counts.get(path) ?? 0,
    forget: () => counts.clear(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await auth.close()
    },
  }
}

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:"

/** A page whose only script is at `script`. Without an icon of its own, Chromium would ask for one in its own time. */
export function html(script: string, body: string): Response {
  const page =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title><link rel="icon" href="data:,">' +
    `<body>${body}<script type="module" src="${script}"></script>`
  return new Response(page, {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })
}

export function javascript(code: string): Response {
  return new Response(code, { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
}
