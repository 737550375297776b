import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buildConfig, type Config } from './config.js'
import { ConfigError } from './config-error.js'
import { environmentLayer } from './environment-layer.js'
import type { Environment } from './interpolation.js'
import { yamlKey } from './key-tree.js'
import { inputOf, type Layer, originsOf, type Setting, valueOfText } from './layer.js'
import { yamlLayer } from './yaml-layer.js'

export interface LoadConfigOptions {
  /** A file that must be there. Default: `sallyport.yaml` in `cwd`, where it exists. */
  readonly file?: string | undefined
  readonly cwd: string
  readonly env: Environment
  /** What the command line says, by the option's name; it wins over everything. */
  readonly overrides?: { readonly host?: string | undefined; readonly port?: string | undefined }
}

export interface LoadedConfig {
  readonly config: Config
  /** The file that was read, as it was named; `null` where there is none. */
  readonly file: string | null
}

const DEFAULT_FILE = 'sallyport.yaml'
const MAXIMUM_BYTES = 262_144

/**
 * Defaults, under the file, under the environment, under the command line.
 * @throws ConfigError with every problem, each with the place it comes from
 */
export async function loadConfig({ file, cwd, env, overrides = {} }: LoadConfigOptions): Promise<LoadedConfig> {
  const text =
    file === undefined ? await readOptional(join(cwd, DEFAULT_FILE)) : await readNamed(resolve(cwd, file), file)
  const name = file ?? DEFAULT_FILE
  const fromFile: Layer = text === null ? { settings: [], problems: [] } : yamlLayer(text, name, env)
  const fileMode = fromFile.settings.find((setting) => yamlKey(setting.path) === 'auth.mode')?.value
  const fromEnvironment = environmentLayer(env, fileMode)
  const settings = [...fromFile.settings, ...fromEnvironment.settings, ...optionSettings(overrides)]
  const config = buildConfig(inputOf(settings), {
    nodeEnv: env['NODE_ENV'],
    origin: originsOf(settings),
    problems: [...fromFile.problems, ...fromEnvironment.problems],
  })
  return { config, file: text === null ? null : name }
}

function optionSettings({ host, port }: NonNullable<LoadConfigOptions['overrides']>): Setting[] {
  const settings: Setting[] = []
  if (host !== undefined) settings.push({ path: ['server', 'host'], value: host, source: '--host', key: 'server.host' })
  if (port !== undefined)
    settings.push({
      path: ['server', 'port'],
      value: valueOfText('integer', port),
      source: '--port',
      key: 'server.port',
    })
  return settings
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readText(path, DEFAULT_FILE)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw unreadable(DEFAULT_FILE, error)
  }
}

async function readNamed(path: string, name: string): Promise<string> {
  try {
    return await readText(path, name)
  } catch (error) {
    throw unreadable(name, error)
  }
}

async function readText(path: string, name: string): Promise<string> {
  const bytes = await readFile(path)
  if (bytes.length > MAXIMUM_BYTES)
    throw fileProblem(name, `expected at most ${MAXIMUM_BYTES} bytes, got ${bytes.length}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw fileProblem(name, 'expected UTF-8 text, got other bytes')
  }
}

function unreadable(name: string, error: unknown): Error {
  if (error instanceof ConfigError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return fileProblem(name, 'expected a configuration file, got nothing at this path')
  if (code === 'EISDIR') return fileProblem(name, 'expected a configuration file, got a folder')
  return fileProblem(name, `expected a readable configuration file, got ${String(code ?? 'an error')}`)
}

function fileProblem(source: string, message: string): ConfigError {
  return new ConfigError([{ source, key: '', message }])
}
