import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from './build.mjs'
import { isInstalled } from './install-dependencies.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { cache, main, root, runNpm, ScriptError, stopWithNpm } from './project.mjs'

const [name] = process.argv.slice(2)

/** Starts an example of `examples/` with all that it needs: `npm run example -- chat`. Without a name it lists them. */
await main(async () => {
  const names = examples()
  if (name === undefined) {
    console.log(
      `npm run example -- <name>\n\n${names.map((known) => `  ${known.padEnd(14)}${titleOf(known)}`).join('\n')}`,
    )
    return
  }
  if (!names.includes(name)) throw new ScriptError(`there is no example ${name}; there are ${names.join(', ')}`)
  await build()
  const scripts = await installExample(name)
  if (scripts.build !== undefined) await start(name, scripts.build, { listens: false })
  process.exitCode = await start(name, scripts.start, { listens: true })
})

function examples() {
  return readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'examples', entry.name, 'README.md')))
    .map((entry) => entry.name)
    .sort()
}

/** @param {string} example */
function titleOf(example) {
  return /^# (.*)$/m.exec(readFileSync(join(root, 'examples', example, 'README.md'), 'utf8'))?.[1] ?? ''
}

/**
 * Installs what the lock file of an example names, and this package beside it, as `npm install sallyport` would. An
 * example without a package.json of its own finds both in the project.
 * @param {string} example
 * @returns {Promise<{ start: string, build?: string }>} the commands of its package.json
 */
async function installExample(example) {
  const folder = join('examples', example)
  const manifest = join(root, folder, 'package.json')
  if (!existsSync(manifest)) return { start: 'node server.mjs' }
  await oneAtATime(`example-${example}`, async () => {
    if (!isInstalled(folder)) {
      console.error(`sallyport: installing what the example ${example} needs`)
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
      await runNpm(['ci', '--prefix', folder, ...quiet], { quiet: true })
    }
    installSallyport(join(root, folder, 'node_modules', 'sallyport'))
  })
  return { start: 'node server.mjs', ...JSON.parse(readFileSync(manifest, 'utf8')).scripts }
}

/**
 * A copy instead of a link: what it imports is then looked for from where it stands, so that it shares the example's React.
 * @param {string} folder
 */
function installSallyport(folder) {
  const stamp = join(folder, '.build-stamp')
  const wanted = readFileSync(join(cache, 'build-stamp'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(folder, { recursive: true, force: true })
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  writeFileSync(stamp, wanted)
}

/**
 * Runs a command of an example. Its output goes to stderr, but for one line on stdout: the first address that it names.
 * @param {string} example
 * @param {string} command
 * @param {{ listens: boolean }} how a command that does not listen has to end well
 * @returns {Promise<number>} its exit code
 */
async function start(example, command, { listens }) {
  const folder = join(root, 'examples', example)
  const programs = [join(folder, 'node_modules', '.bin'), join(root, 'node_modules', '.bin'), process.env.PATH ?? '']
  const child = spawn(command, {
    cwd: folder,
    env: { ...process.env, PATH: programs.join(delimiter), NODE_ENV: process.env.NODE_ENV || 'development' },
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: true,
    // A group of its own: the shell keeps a signal to itself, so all of the group get it.
    detached: process.platform !== 'win32',
  })
  let isStopping = false
  const stop = () => {
    isStopping = true
    if (child.pid === undefined || child.exitCode !== null) return
    if (process.platform === 'win32') child.kill()
    else process.kill(-child.pid, 'SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop)
  stopWithNpm()

  let address
  createInterface(child.stdout).on('line', (line) => {
    const found = listens && address === undefined ? /https?:\/\/[^\s/]+/.exec(line)?.[0] : undefined
    if (found === undefined) return process.stderr.write(`${line}\n`)
    address = found
    process.stdout.write(`${titleOf(example)}: ${address}\n`)
  })
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (...ended) => resolve(ended))
  })
  for (const name of ['SIGINT', 'SIGTERM']) process.off(name, stop)
  if (isStopping && (code === 0 || signal === 'SIGTERM')) {
    if (!listens) process.exit(0)
    return 0
  }
  if (!listens && code === 0) return 0
  throw new ScriptError(`${command} ended with ${signal ?? `exit code ${code}`}`)
}
