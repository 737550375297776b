import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'

export const packageRoot = join(import.meta.dirname, '..', '..')

const manifestSchema = z.object({
  exports: z.record(z.string(), z.unknown()),
  bin: z.object({ sallyport: z.string() }),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()).default({}),
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

/** The file that would be published; packed once for all who ask. */
export function tarball(): string {
  const script = join(packageRoot, 'scripts', 'pack.mjs')
  return execFileSync(process.execPath, [script], { cwd: packageRoot, encoding: 'utf8' }).trim()
}

/**
 * Unpacks the package where `npm install` would. The dependencies are links to our own, and only the declared ones:
 * whatever else is imported is not found.
 * @param beside what the consumer has installed of his own, such as a framework
 */
export function installPackage(beside: readonly string[] = []): InstalledPackage {
  const packed = tarball()
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-package-')))
  const folder = join(project, 'node_modules', 'sallyport')
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-xzf', packed, '-C', folder, '--strip-components=1'])
  const listing = execFileSync('tar', ['-tzf', packed], { encoding: 'utf8' })

  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  for (const name of new Set([...Object.keys(manifest.dependencies), '@types/node', ...beside])) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(packageRoot, 'node_modules', name), link, 'dir')
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
export const tsc = join(packageRoot, 'node_modules', '.bin', 'tsc')
