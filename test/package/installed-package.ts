import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..', '..')

const manifestSchema = z.object({
  exports: z.record(z.string(), z.unknown()),
  bin: z.object({ sallyport: z.string() }),
  dependencies: z.record(z.string(), z.string()),
  scripts: z.record(z.string(), z.string()),
})

export interface InstalledPackage {
  /** A project that has nothing but this package, its declared dependencies, and Node's types. */
  readonly project: string
  /** Where the package is in it. */
  readonly folder: string
  /** Paths in the tarball, without its leading `package/`. */
  readonly files: readonly string[]
  readonly manifest: z.output<typeof manifestSchema>
  remove(): void
}

/**
 * Packs the project as `npm publish` would and unpacks it where `npm install` would. The dependencies are links to our
 * own, and only the declared ones: whatever else is imported is not found.
 */
export function installPackage(): InstalledPackage {
  execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root })
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-package-')))
  execFileSync('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', project], { cwd: root })
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  const folder = join(project, 'node_modules', 'sallyport')
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-xzf', join(project, tarball), '-C', folder, '--strip-components=1'])
  const listing = execFileSync('tar', ['-tzf', join(project, tarball)], { encoding: 'utf8' })
  rmSync(join(project, tarball))

  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'dir')
  }
  return {
    project,
    folder,
    files: listing
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, '')),
    manifest,
    remove: () => rmSync(project, { recursive: true, force: true }),
  }
}

/** Our own TypeScript compiler, for a project that has none. */
export const tsc = join(root, 'node_modules', '.bin', 'tsc')
