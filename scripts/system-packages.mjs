import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { oneAtATime } from './one-at-a-time.mjs'
import { isStartedDirectly, main, run, ScriptError } from './project.mjs'

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * Finds Chromium for the browser tests, or installs Debian's where that is possible without asking.
 * @returns {Promise<string>} the path of the program
 */
export async function provideChromium() {
  const present = findChromium()
  if (present !== null) return present
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new ScriptError(
      'the browser tests need Chromium on PATH (Debian: apt-get install chromium), or CHROMIUM_PATH naming it',
    )
  }
  return oneAtATime('system-packages', async () => {
    const meanwhile = findChromium()
    if (meanwhile !== null) return meanwhile
    console.error('sallyport: installing Chromium for the browser tests')
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update'], { env, quiet: true })
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { env, quiet: true })
    const installed = findChromium()
    if (installed === null) throw new ScriptError('apt-get installed chromium, yet no chromium is on PATH')
    return installed
  })
}

function findChromium() {
  const named = process.env.CHROMIUM_PATH
  if (named) {
    if (!isExecutable(named)) throw new ScriptError(`CHROMIUM_PATH names ${named}, which cannot be run`)
    return named
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = CHROMIUM.flatMap((name) => folders.map((folder) => join(folder, name)))
  return candidates.find(isExecutable) ?? null
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (isStartedDirectly(import.meta.url)) await main(async () => console.log(await provideChromium()))
