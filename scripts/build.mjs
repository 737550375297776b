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
import { dirname, join, relative } from 'node:path'
import { installDependencies } from './install-dependencies.mjs'
import { libraryFiles } from './library-files.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { cache, isStartedDirectly, main, root, runTool } from './project.mjs'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** The built command line. */
export const program = join(root, manifest.bin.sallyport)

const dist = join(root, 'dist')
const next = join(root, 'dist.next')
/** What `dist/` is made from: one file for each of the source, the program's too. */
const compiled = join(cache, 'compiled')
const nextCompiled = join(cache, 'compiled.next')
const makers = ['build', 'bundle-program', 'library-files'].map((name) => `scripts/${name}.mjs`)
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
    for (const folder of [nextCompiled, next]) rmSync(folder, { recursive: true, force: true })
    await runTool('tsc', ['-p', 'tsconfig.build.json', '--outDir', nextCompiled], { quiet: true })
    for (const file of libraryFiles(nextCompiled, manifest.exports))
      copy(file, join(next, relative(nextCompiled, file)))
    await makeProgram()
    copyDocsPage()
    rmSync(stampFile, { force: true })
    for (const [made, place] of [
      [nextCompiled, compiled],
      [next, dist],
    ]) {
      rmSync(place, { recursive: true, force: true })
      renameSync(made, place)
    }
    writeFileSync(stampFile, stamp)
  })
}

async function makeProgram() {
  const path = relative(dist, program)
  copy(join(nextCompiled, path), join(next, path))
  chmodSync(join(next, path), 0o755)
  // Loaded here, since the dependencies are installed only now.
  const { bundleProgram } = await import('./bundle-program.mjs')
  const folder = dirname(path)
  await bundleProgram(join(nextCompiled, folder, 'main.js'), join(next, folder))
}

/** @param {string} from @param {string} to */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
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
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...makers]
  const digest = createHash('sha256')
  for (const file of [...settings.map((name) => join(root, name)), ...sources]) {
    const content = readFileSync(file)
    digest.update(`${file.slice(root.length)}\n${content.length}\n`).update(content)
  }
  return digest.digest('hex')
}

if (isStartedDirectly(import.meta.url)) await main(build)
