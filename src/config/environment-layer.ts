import type { ConfigProblem } from './config-error.js'
import type { Environment } from './interpolation.js'
import { type KeyLeaf, keyLeaves, yamlKey } from './key-tree.js'
import { type Layer, type Setting, valueOfText } from './layer.js'
import { describe } from './problems.js'

/** Variables that count in a unit of their own. */
const COUNTED: Readonly<Record<string, { readonly unit: string; readonly name: string; readonly max: number }>> = {
  ACCESS_TOKEN_EXPIRE_MINUTES: { unit: 'm', name: 'minutes', max: 525_600 },
  REFRESH_TOKEN_EXPIRE_DAYS: { unit: 'd', name: 'days', max: 3650 },
}

const MODES = ['stateful', 'stateless', 'bypass', 'production']

/**
 * What the environment says. A variable that is empty counts as unset.
 * @param fileMode what the file says of `auth.mode`: `AUTH_MODE=production` keeps it
 */
export function environmentLayer(env: Environment, fileMode: unknown): Layer {
  const settings: Setting[] = []
  const problems: ConfigProblem[] = []
  for (const leaf of keyLeaves) {
    const name = leaf.notes.env
    const text = name === undefined ? undefined : env[name]
    if (name === undefined || text === undefined || text === '') continue
    const read = name === 'AUTH_MODE' ? mode(text, fileMode) : value(name, text, leaf)
    const at = { source: name, key: yamlKey(leaf.path) }
    if ('message' in read) problems.push({ ...at, message: read.message })
    else if (read.value !== undefined) settings.push({ ...at, path: leaf.path, value: read.value })
  }
  return { settings, problems }
}

type Read = { readonly value: unknown } | { readonly message: string }

function value(name: string, text: string, leaf: KeyLeaf): Read {
  const counted = COUNTED[name]
  if (counted === undefined) return { value: valueOfText(leaf.notes.kind, text) }
  const { unit, max } = counted
  return /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= max
    ? { value: `${Number(text)}${unit}` }
    : { message: `expected a whole number of ${counted.name} from 1 to ${max}, got ${describe(text, leaf)}` }
}

function mode(text: string, fileMode: unknown): Read {
  if (!MODES.includes(text))
    return { message: `expected stateful, stateless, bypass or production, got ${describe(text, undefined)}` }
  if (text !== 'production') return { value: text }
  if (fileMode === 'bypass')
    return { message: 'expected a file that names stateful or stateless, got bypass in the file' }
  return { value: fileMode === undefined ? 'stateless' : undefined }
}
