import { availableParallelism } from 'node:os'
import type { z } from 'zod'
import { isLoopbackHost } from './addresses.js'
import { ConfigError, type ConfigProblem } from './config-error.js'
import { yamlKey } from './key-tree.js'
import { type Origin, problemsOfIssues } from './problems.js'
import { checkRules } from './rules.js'
import { configSchema } from './schema.js'

/**
 * What `createAuth` takes: every key is optional, in camelCase. A duration is a text with a unit (`'15m'`, `'24h'`,
 * `'500ms'`) or a number of milliseconds; a size is a text (`'16KiB'`) or a number of bytes.
 */
export type ConfigInput = z.input<typeof configSchema>

type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly Item[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value

/** The effective configuration: every key is there, durations in milliseconds, sizes in bytes. */
export type Config = DeepReadonly<ReturnType<typeof complete>>

/** What surrounds the values and has a say in them. */
export interface ConfigSurroundings {
  /** `NODE_ENV`; the library reads that of the process. */
  readonly nodeEnv?: string | undefined
}

/**
 * The effective configuration of values given in code.
 * @throws ConfigError with every problem, each under its camelCase path
 */
export function parseConfig(input: ConfigInput, surroundings: ConfigSurroundings = {}): Config {
  const { nodeEnv = process.env['NODE_ENV'] } = surroundings
  const origin: Origin = (path) => ({ source: '', key: path.join('.') })
  return buildConfig(input, { nodeEnv, origin, problems: [] })
}

interface BuildOptions {
  readonly nodeEnv: string | undefined
  readonly origin: Origin
  /** What was found wrong before; with any of them there is no configuration. */
  readonly problems: readonly ConfigProblem[]
}

/** The one way from values of any source to a configuration. @throws ConfigError */
export function buildConfig(input: unknown, { nodeEnv, origin, problems }: BuildOptions): Config {
  // Parsed once: to compile the schema first, as zod does, takes longer than that.
  const parsed = configSchema.safeParse(input, { jitless: true })
  if (!parsed.success) throw new ConfigError([...problems, ...problemsOfIssues(parsed.error.issues, input, origin)])
  if (problems.length > 0) throw new ConfigError(problems)
  const config = complete(parsed.data, { nodeEnv, given: givenKeys(input) })
  const broken = checkRules(config)
  if (broken.length === 0) return config
  throw new ConfigError(
    broken.map(({ path, message }) => {
      const { source, key } = origin(path)
      return { source, key, message }
    }),
  )
}

interface Circumstances {
  readonly nodeEnv: string | undefined
  readonly given: readonly string[]
}

/** Fills in the defaults that depend on other values. */
function complete(settings: z.output<typeof configSchema>, { nodeEnv, given }: Circumstances) {
  const { server, storage, auth } = settings
  return {
    ...settings,
    storage: { ...storage, url: storage.url ?? `sqlite:${settings.dataDir.replace(/\/+$/, '')}/sallyport.db` },
    auth: {
      ...auth,
      jwt: { ...auth.jwt, algorithm: auth.jwt.algorithm ?? (auth.jwt.secret.length > 0 ? 'HS256' : 'EdDSA') },
      maxConcurrentHashes: auth.maxConcurrentHashes ?? availableParallelism(),
    },
    /** The rules for production apply: NODE_ENV, a listener beyond loopback, or an https public URL. */
    production:
      nodeEnv === 'production' ||
      !isLoopbackHost(server.host) ||
      (server.adminPort !== null && !isLoopbackHost(server.adminHost)) ||
      server.publicUrl?.startsWith('https:') === true,
    /** The keys that were given rather than left to their defaults, as YAML writes them. */
    given,
  }
}

/** The YAML names of the leaves in `value`. */
function givenKeys(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [yamlKey(path)]
  return Object.entries(value).flatMap(([name, child]) =>
    child === undefined ? [] : givenKeys(child, [...path, name]),
  )
}
