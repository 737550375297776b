import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main, root } from './project.mjs'

/**
 * Adds to package-lock.json, and to those of examples, the optional binaries of platforms that the registry at hand does not hold, so that
 * `npm ci` accepts the lock file everywhere. Run it after every change of a dependency: `npm run lock`.
 */
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const files = ['.', ...readdirSync(join(root, 'examples')).map((name) => join('examples', name))]
  .map((folder) => join(root, folder, 'package-lock.json'))
  .filter((file) => existsSync(file))

await main(async () => files.forEach(complete))

/** @param {string} file */
function complete(file) {
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const { packages } = lock
  for (const [path, entry] of Object.entries({ ...packages })) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`]) continue
      packages[`node_modules/${name}`] = {
        version: version.replace(/^[\^~]/, ''),
        ...platformOf(name),
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
      }
    }
  }
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([left], [right]) => (left < right ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}

/** What the name of a binary package says of where it runs: `@scope/name-linux-x64-musl`. */
function platformOf(name) {
  const parts = name.slice(name.lastIndexOf('/') + 1).split('-')
  const at = parts.findIndex((part) => SYSTEMS.includes(part))
  if (at === -1) return {}
  const libc = parts.some((part) => part.startsWith('musl')) ? 'musl' : 'glibc'
  return { os: [parts[at]], cpu: [parts[at + 1]], ...(parts[at] === 'linux' ? { libc: [libc] } : {}) }
}
