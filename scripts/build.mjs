import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { installDependencies } from './install-dependencies.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { cache, isStartedDirectly, main, root, runTool } from './project.mjs'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** The built command line. */
export const program = join(root, manifest.bin.sallyport)

const dist = join(root, 'dist')
// Beside dist, so that the paths in the source maps stay right when it takes dist's place.
const next = join(root, 'dist.next')
const stampFile = join(cache, 'build-stamp')
const docsPage = join(root, 'node_modules', 'swagger-ui-dist')

/** Builds `dist/` unless it was made from exactly these sources. */
export async function build() {
  await installDependencies()
  if (isBuilt(stampOfSources())) return
  await oneAtATime('build', async () => {
    const stamp = stampOfSources()
    if (isBuilt(stamp)) return
    console.error('sallyport: building')
    // A fresh folder each time: nothing of a deleted source survives, and a failed build leaves the last good one.
    rmSync(next, { recursive: true, force: true })
    await runTool('tsc', ['-p', 'tsconfig.build.json', '--outDir', next], { quiet: true })
    chmodSync(join(next, relative(dist, program)), 0o755)
    copyDocsPage()
    rmSync(stampFile, { force: true })
    rmSync(dist, { recursive: true, force: true })
    renameSync(next, dist)
    writeFileSync(stampFile, stamp)
  })
}

/** The page at `/docs` is served from the package itself: it names no other host. */
function copyDocsPage() {
  const assets = join(next, 'http', 'docs-assets')
  mkdirSync(assets, { recursive: true })
  for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE']) {
    copyFileSync(join(docsPage, name), join(assets, name))
  }
}

/** @param {string} stamp */
function isBuilt(stamp) {
  return existsSync(program) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp
}

/** A digest of everything that `dist/` is made from: contents, not times, since git sets those as it likes. */
function stampOfSources() {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs']
  const digest = createHash('sha256')
  for (const file of [...settings.map((name) => join(root, name)), ...sources]) {
    const content = readFileSync(file)
    digest.update(`${file.slice(root.length)}\n${content.length}\n`).update(content)
  }
  return digest.digest('hex')
}

if (isStartedDirectly(import.meta.url)) await main(build)
