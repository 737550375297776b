import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * Nothing but this origin, nothing inline. `data:` images are what Swagger UI draws its signs with; they run no code.
 */
export const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

// Relative addresses: the page also works where the library is mounted below a prefix.
export const docsHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/docs.js"></script>
</body>
</html>
`

/** `validatorUrl: null` keeps Swagger UI from showing the document to a service on the Internet. */
export const docsScript = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
  withCredentials: true,
  persistAuthorization: false,
})
`

const read = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()

/**
 * A file of Swagger UI: beside this module in a build, from the development dependency in the source tree. As bytes,
 * which a thousand clients that are slow to take them share; a text would be encoded anew for each.
 */
export function readDocsAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const present = read.get(name)
  if (present) return present
  const file = readFile(join(assetFolder(), name)).then((bytes) => new Uint8Array(bytes))
  read.set(name, file)
  // Not kept: a file that was missing may have been built since.
  file.catch(() => read.delete(name))
  return file
}

function assetFolder(): string {
  // The program's files stand in another folder than the library's.
  const built = join(import.meta.dirname, '..', 'http', 'docs-assets')
  return existsSync(built) ? built : dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}
