import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { oneAtATime } from './one-at-a-time.mjs'
import { cache, runNpm, ScriptError } from './project.mjs'

/**
 * Finds a Node.js of a version, or installs it from npm into the cache: the packages `node-<os>-<arch>` hold the
 * programs that nodejs.org publishes.
 * @param {string} version `22`, which is the newest of them at the first run, or `20.19.0`
 * @returns {Promise<{ program: string, version: string }>}
 */
export async function provideNode(version) {
  if (process.versions.node === version || process.versions.node.startsWith(`${version}.`)) {
    return { program: process.execPath, version: process.versions.node }
  }
  const isWindows = process.platform === 'win32'
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  const folder = join(cache, 'node', version)
  const program = join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
  await oneAtATime(`node-${version}`, async () => {
    if (existsSync(program)) return
    console.error(`sallyport: installing ${name}@${version}`)
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await runNpm(['install', '--prefix', folder, ...quiet, `${name}@${version}`], { quiet: true })
  })
  return { program, version: versionOf(program) }
}

/** @param {string} program */
function versionOf(program) {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().slice(1)
  } catch (error) {
    throw new ScriptError(`${program} does not start: ${error.message}`)
  }
}
