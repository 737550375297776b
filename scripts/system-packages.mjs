import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { oneAtATime } from './one-at-a-time.mjs'
import { isStartedDirectly, main, run, ScriptError } from './project.mjs'

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

const REDIS = ['redis-server', 'redis-sentinel', 'redis-cli']

/**
 * Finds Chromium for the browser tests, or installs Debian's where that is possible without asking.
 * @returns {Promise<string>} the path of the program
 */
export async function provideChromium() {
  return provide({
    find: findChromium,
    packages: ['chromium'],
    purpose: 'the browser tests',
    missing: 'Chromium on PATH (Debian: apt-get install chromium), or CHROMIUM_PATH naming it',
  })
}

/**
 * Finds Redis for the tests of the shared cache, or installs Debian's where that is possible without asking.
 * @returns {Promise<string>} the path of `redis-server`; its companions are on PATH, too
 */
export async function provideRedis() {
  return provide({
    find: () => (REDIS.every((name) => findOnPath([name]) !== null) ? findOnPath(['redis-server']) : null),
    packages: ['redis-server', 'redis-sentinel'],
    purpose: 'the tests of the shared cache',
    missing: `${REDIS.join(', ')} on PATH (Debian: apt-get install redis-server redis-sentinel)`,
  })
}

/**
 * Finds Prometheus for the run by hand that lets it scrape, or installs Debian's where that is possible without asking.
 * @returns {Promise<string>} the path of the program; `promtool` is on PATH, too
 */
export async function providePrometheus() {
  return provide({
    find: () => (findOnPath(['promtool']) === null ? null : findOnPath(['prometheus'])),
    packages: ['prometheus'],
    purpose: 'the scraping of the metrics',
    missing: 'prometheus and promtool on PATH (Debian: apt-get install prometheus)',
  })
}

/**
 * Finds nginx for the tests of the proxies' configurations, or installs Debian's where that is possible without asking.
 * @returns {Promise<string>} the path of the program
 */
export async function provideNginx() {
  return provide({
    // Debian keeps it where only root looks.
    find: () => findOnPath(['nginx']) ?? ['/usr/sbin/nginx'].find(isExecutable) ?? null,
    packages: ['nginx-light'],
    purpose: 'the tests of forward auth',
    missing: 'nginx on PATH (Debian: apt-get install nginx-light)',
  })
}

/**
 * @param {{ find: () => string | null, packages: string[], purpose: string, missing: string }} wanted
 * @returns {Promise<string>}
 */
async function provide({ find, packages, purpose, missing }) {
  const present = find()
  if (present !== null) return present
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new ScriptError(`${purpose} need ${missing}`)
  }
  return oneAtATime('system-packages', async () => {
    const meanwhile = find()
    if (meanwhile !== null) return meanwhile
    console.error(`sallyport: installing ${packages.join(' and ')} for ${purpose}`)
    // A container without init cannot start services, and none is wanted.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    await run('apt-get', ['update'], { env, quiet: true })
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env, quiet: true })
    const installed = find()
    if (installed === null)
      throw new ScriptError(`apt-get installed ${packages.join(', ')}, yet ${purpose} need ${missing}`)
    return installed
  })
}

function findChromium() {
  const named = process.env.CHROMIUM_PATH
  if (named) {
    if (!isExecutable(named)) throw new ScriptError(`CHROMIUM_PATH names ${named}, which cannot be run`)
    return named
  }
  return findOnPath(CHROMIUM)
}

/** @param {string[]} names */
function findOnPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)))
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

if (isStartedDirectly(import.meta.url)) {
  const programs = new Map([
    ['redis', provideRedis],
    ['nginx', provideNginx],
  ])
  await main(async () => console.log(await (programs.get(process.argv[2] ?? '') ?? provideChromium)()))
}
