import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { composeAuth } from '../src/auth.js'
import { parseConfig } from '../src/config/config.js'
import { configurationPage } from '../src/config/config-docs.js'
import { ERROR_CODES } from '../src/contract/error-codes.js'
import { CLAIMS } from './asvs-claims.js'
import { asvsPage, taggedTests } from './asvs-page.js'
import { errorsPage } from './errors-page.js'
import { referencePages } from './reference-pages.js'
import { readWireDocument } from './wire-document.js'
import { wireOperations, wireOperationTypes, wireTypes } from './wire-types.js'

const root = join(import.meta.dirname, '..')
const openapi = await openApiDocument()
const wire = readWireDocument(openapi)

/** Every file of the repository that is written by a program, and what writes it. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'docs/errors.md': () => errorsPage(ERROR_CODES),
  'docs/configuration.md': configurationPage,
  'docs/openapi.json': () => `${JSON.stringify(openapi, null, 2)}\n`,
  'docs/security/asvs.md': () => asvsPage(CLAIMS, taggedTests(root)),
  'src/contract/api-types.ts': () => formatted('api-types.ts', wireTypes(wire)),
  'src/contract/operation-types.ts': () => formatted('operation-types.ts', wireOperationTypes(wire)),
  'src/contract/operations.ts': () => formatted('operations.ts', wireOperations(wire)),
}

const check = process.argv.includes('--check')
for (const [path, generate] of Object.entries(GENERATED)) settle(path, generate())
// Read from the source, some of which has just been written.
for (const [path, text] of referencePages(root).pages) settle(path, text)

/** Writes a file that is not as it should be, or complains of it. */
function settle(path: string, wanted: string): void {
  const file = join(root, path)
  const present = existsSync(file) ? readFileSync(file, 'utf8') : null
  if (wanted === present) return
  if (check) {
    console.error(`sallyport: ${path} is not what the source says; run \`npm run generate\` and commit it`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, wanted)
    console.log(`wrote ${path}`)
  }
}

/** The document that `/openapi.json` answers where everything is switched on. */
async function openApiDocument(): Promise<unknown> {
  const { app, auth } = await composeAuth(
    parseConfig({ storage: { url: 'sqlite::memory:' }, auth: { magicLink: true } }),
  )
  const document = app.openapi()
  await auth.close()
  return document
}

/** As the formatter writes it, so that the file is as readable as its neighbours. */
function formatted(name: string, source: string): string {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${name}`], {
    cwd: root,
    input: source,
    encoding: 'utf8',
  })
}
