import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { z } from 'zod'
import { type Auth, createAuth } from '../../src/index.js'

// Without an icon of its own, Chromium asks for /favicon.ico in its own time and complains of the 404.
const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">' +
  '<body>A page of the same origin'

const addressSchema = z.object({ port: z.number() })

export interface HostApplication {
  readonly origin: string
  readonly auth: Auth
  close(): Promise<void>
}

/**
 * What a team would build: a server with a page and an endpoint of its own, and the library for all the rest.
 * It listens on a free port of loopback.
 */
export async function startHostApplication(): Promise<HostApplication> {
  const auth = await createAuth({ storage: { url: 'sqlite::memory:' } })

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/') return new Response(PAGE, { headers: { 'content-type': 'text/html; charset=utf-8' } })
    if (pathname !== '/api/protected-endpoint') return auth.handler(request)
    const identity = await auth.authenticate(request)
    if (identity === null) return Response.json({ message: 'Who are you?' }, { status: 401 })
    return Response.json({ message: `Hello ${identity.email}` })
  }

  const server = createServer(getRequestListener(answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = addressSchema.parse(server.address())
  return {
    origin: `http://127.0.0.1:${port}`,
    auth,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await auth.close()
    },
  }
}
