import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { oneAtATime } from './one-at-a-time.mjs'
import { isStartedDirectly, main, root, runNpm, ScriptError } from './project.mjs'

/** Installs what package-lock.json names, unless it is there already. */
export async function installDependencies() {
  refuseOldNode()
  if (isInstalled()) return
  await oneAtATime('install', async () => {
    if (isInstalled()) return
    console.error('sallyport: installing dependencies')
    try {
      // Dev dependencies build the program, so NODE_ENV=production must not leave them out. No package here needs an
      // install script, so none may run, whatever this npm's default is. Not `npm ci`, which throws away what is
      // right already.
      await runNpm(
        ['install', '--no-save', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
        { quiet: true },
      )
    } catch (error) {
      throw new ScriptError(`the dependencies could not be installed (npm's own words are above): ${error.message}`)
    }
  })
}

/**
 * True when node_modules holds every package of package-lock.json in its version.
 * @param {string} [folder] of both, relative to the project
 */
export function isInstalled(folder = '') {
  const wanted = packagesOf(join(folder, 'package-lock.json'))
  const present = packagesOf(join(folder, 'node_modules', '.package-lock.json'))
  if (wanted === null) throw new ScriptError('package-lock.json is missing or unreadable; restore it from git')
  if (present === null) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = present[path]
    // An optional package of another platform is never installed.
    if (found === undefined) return entry.optional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/** @param {string} file a lock file of npm, relative to the project */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return null
  }
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new ScriptError(`Node.js 20.19 or newer is needed; this is ${process.versions.node}`)
  }
}

if (isStartedDirectly(import.meta.url)) await main(installDependencies)
