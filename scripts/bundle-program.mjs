import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { ScriptError } from './project.mjs'

/** What stays a package of its own: machine code, and what is loaded on first use by who needs it (docs/adr/0017). */
const SEPARATE = /^(?:libsql|@node-rs\/.+|pg|@redis\/client|nodemailer|ws|prom-client|@zxcvbn-ts\/.+)(?:\/|$)/

const NOTICES = 'third-party-licenses.txt'

/**
 * Makes a few files of the hundreds that the program reads when it starts, its dependencies included.
 * @param {string} main the compiled entry of the program
 * @param {string} folder where the files go, with the licences of what is inside
 * @returns {Promise<void>}
 */
export async function bundleProgram(main, folder) {
  const bundle = await rolldown({
    input: { main },
    platform: 'node',
    external: (id) => id.startsWith('node:') || SEPARATE.test(id),
    // A name that is not found would be left as an import, and be missed only when the program runs.
    onLog(level, log) {
      if (level === 'warn') throw new ScriptError(`the program could not be bundled: ${log.message}`)
    },
  })
  // Names and lines stay, so that a stack says where; comments and licences are in the source and in the notices.
  const { output } = await bundle.write({ dir: folder, format: 'esm', chunkFileNames: '[name].js', comments: false })
  await bundle.close()
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  writeFileSync(join(folder, NOTICES), noticesOf(modules))
}

/**
 * Name, version and licence of every package that modules come from.
 * @param {readonly string[]} modules
 */
function noticesOf(modules) {
  const packages = new Map()
  for (const module of modules) {
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module) ?? []
    if (folder === undefined || packages.has(folder)) continue
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.\w+)?$/i.test(entry))
    if (file === undefined) throw new ScriptError(`${name} has no licence to go with it`)
    packages.set(folder, `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`)
  }
  const head = 'The files of this folder hold code of these packages.\n'
  return [head, ...[...packages.values()].sort()].join(`\n${'-'.repeat(80)}\n\n`)
}
