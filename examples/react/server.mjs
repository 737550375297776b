// A React app that signs people up and in, from the server that Sallyport is part of: `npm run example -- react`.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { build } from 'rolldown'
import { createAuth } from 'sallyport'
import { sallyport } from 'sallyport/node'

const port = Number(process.env.PORT ?? 3005)
const here = (name) => new URL(name, import.meta.url)

const bundled = await build({
  input: here('app.tsx').pathname,
  write: false,
  platform: 'browser',
  logLevel: 'silent',
  transform: { define: { 'process.env.NODE_ENV': JSON.stringify(process.env.NODE_ENV ?? 'production') } },
  output: { format: 'esm', minify: true },
})
const files = {
  '/': [readFileSync(here('index.html')), 'text/html'],
  '/app.css': [readFileSync(here('app.css')), 'text/css'],
  '/app.js': [bundled.output[0].code, 'text/javascript'],
}
/** Nothing but what this server sends: a script that somebody slipped into a text does not run. */
const policy = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:'],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"],
].join('; ')

const auth = await createAuth({ storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' } })

const server = createServer(
  sallyport(auth, (request, response) => {
    const [content, type] = files[request.url?.split('?')[0]] ?? []
    if (content === undefined) return response.writeHead(404).end()
    response
      .writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy })
      .end(content)
  }),
)

server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`React: http://127.0.0.1:${server.address().port}\n`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close()
    server.closeIdleConnections()
    await auth.close()
    process.exit(0)
  })
}
