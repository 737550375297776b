import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'

/** What is wrong with the arguments of a command, or `null`. citty itself lets unknown options pass. */
export function checkArguments(args: readonly string[], known: ArgsDef): string | null {
  const options: Record<string, { type: 'boolean' | 'string' }> = {}
  const positionals: string[] = []
  const required: string[] = []
  for (const [name, { type, required: needed }] of Object.entries(known)) {
    if (type === 'positional') positionals.push(name)
    else options[name] = { type: type === 'boolean' ? 'boolean' : 'string' }
    if (needed === true && type !== 'positional') required.push(name)
  }
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const given = new Set<string>()
  let places = positionals.length
  for (const token of tokens) {
    if (token.kind === 'positional') {
      places -= 1
      if (places < 0) return 'there is an argument too many'
    } else if (token.kind === 'option') {
      const { name, rawName, value } = token
      const option = Object.hasOwn(options, name) ? options[name] : undefined
      if (option === undefined || !rawName.startsWith('--')) return `there is no option ${printable(rawName)}`
      if (option.type === 'boolean' && value !== undefined) return `--${name} takes no value`
      if (option.type === 'string' && (value === undefined || value === '')) return `--${name} needs a value`
      if (given.has(name)) return `--${name} is given twice`
      given.add(name)
    }
  }
  const missing = required.find((name) => !given.has(name))
  if (missing !== undefined) return `--${missing} is missing`
  const place = positionals[positionals.length - places]
  return place !== undefined && known[place]?.required === true ? `<${place}> is missing` : null
}

function printable(text: string): string {
  return /^-{1,2}[A-Za-z][\w-]{0,40}$/.test(text) ? text : 'of that name'
}
