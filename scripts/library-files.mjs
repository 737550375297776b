import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the compiler writes after `from` or `import`, static, dynamic or within a type. */
const RELATIVE_IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/**
 * The compiled files that the package's subpaths reach: what nobody can import needs no place in it.
 * @param {string} compiled
 * @param {Record<string, string | { types: string, default: string }>} subpaths `exports` of the manifest, under `dist/`
 * @returns {Set<string>} absolute paths
 */
export function libraryFiles(compiled, subpaths) {
  const found = new Set()
  const visit = (file, extension) => {
    // A sentence in a comment may look like an import.
    if (found.has(file) || !existsSync(file)) return
    found.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT)) {
      visit(join(dirname(file), path.replace(/\.js$/, extension)), extension)
    }
  }
  for (const subpath of Object.values(subpaths)) {
    if (typeof subpath === 'string') continue
    visit(join(compiled, subpath.default.replace(/^\.\/dist\//, '')), '.js')
    visit(join(compiled, subpath.types.replace(/^\.\/dist\//, '')), '.d.ts')
  }
  return found
}
