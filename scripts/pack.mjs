import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { cache, isStartedDirectly, main, root, runNpm, ScriptError } from './project.mjs'

/**
 * Packs the project as `npm publish` would, unless exactly this has been packed before.
 * @returns {Promise<string>} the path of the tarball
 */
export async function pack() {
  await build()
  return oneAtATime('pack', async () => {
    const stamp = stampOfPackage()
    const packed = join(cache, `sallyport-${stamp}.tgz`)
    if (existsSync(packed)) return packed
    const folder = mkdtempSync(join(cache, 'pack-'))
    try {
      await runNpm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { quiet: true })
      const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
      if (tarball === undefined) throw new ScriptError('npm pack made no package')
      for (const name of readdirSync(cache)) if (/^sallyport-.*\.tgz$/.test(name)) rmSync(join(cache, name))
      renameSync(join(folder, tarball), packed)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    return packed
  })
}

/** A digest of what was built and of the documents that go with it. */
function stampOfPackage() {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const digest = createHash('sha256').update(readFileSync(join(cache, 'build-stamp')))
  for (const name of files.filter((path) => path !== 'dist')) {
    const content = readFileSync(join(root, name))
    digest.update(`${name}\n${content.length}\n`).update(content)
  }
  return digest.digest('hex').slice(0, 16)
}

if (isStartedDirectly(import.meta.url)) await main(async () => console.log(await pack()))
