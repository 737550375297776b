import { z } from 'zod'
import { type KeyLeaf, keyLeaves, yamlKey } from './key-tree.js'
import { isPartOf, NOT_YET } from './not-yet.js'

const INTRODUCTION = `# Configuration

<!-- Generated from src/config by \`npm run generate\`. -->

Every key has a default, so no file is needed. Values come from, each over the one before:

1. the defaults below;
2. \`sallyport.yaml\` in the working directory, or the file that \`--config\` names (which must exist);
3. environment variables, where a key has one; an empty variable counts as unset;
4. \`--host\` and \`--port\` of \`sallyport serve\`.

\`createAuth(input)\` takes the same keys in camelCase (\`auth.session.absolute_ttl\` is \`auth.session.absoluteTtl\`) and reads neither file nor environment, save \`NODE_ENV\`.

Whatever is wrong stops the start, all of it listed, each as \`file:line:column key: expected …, got …\`. \`sallyport config check\` does only that; \`sallyport config print\` shows the effective values with secrets masked.

- **Durations** are a whole number and a unit: \`500ms\`, \`90s\`, \`15m\`, \`24h\`, \`30d\`. In \`createAuth\` a number means milliseconds.
- **Sizes** are a whole number and \`B\`, \`KiB\` or \`MiB\`; a bare number means bytes.
- **Interpolation**: \`\${NAME}\` in a value puts in the variable, and stops the start where it is unset or empty; \`\${NAME:-default}\` puts in the default instead. Where the result is empty, the key keeps its own default. \`$\${\` stands for the characters \`\${\`. What is put in is never read as YAML. In a \`{ flow, mapping }\` quote it.
- Anchors, aliases, tags and keys given twice are refused. A key without a value keeps its default.
- **Production**, where a rule speaks of it: \`NODE_ENV=production\`, a \`server.host\` beyond loopback, or an https \`server.public_url\`. There a secret that is a placeholder, a pattern or shorter than 32 characters stops the start; elsewhere it is warned of.
- \`AUTH_MODE=production\` means the mode that the file names, and \`stateless\` where it names none.
- \`auth.mode: bypass\` refuses to start in production, beyond loopback, and with a trusted proxy ([bypass](guides/bypass.md)).
`

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const sections = new Map<string, KeyLeaf[]>()
  for (const leaf of keyLeaves) {
    const name = leaf.path.length === 1 ? '' : yamlKey(leaf.path.slice(0, -1))
    sections.set(name, [...(sections.get(name) ?? []), leaf])
  }
  return [INTRODUCTION, ...[...sections].map(([name, leaves]) => sectionTable(name, leaves))].join('\n')
}

function sectionTable(name: string, leaves: readonly KeyLeaf[]): string {
  const rows = leaves.map((leaf) => {
    const key = yamlKey(leaf.path)
    const variable = leaf.notes.env === undefined ? '' : `\`${leaf.notes.env}\``
    const cells = [`\`${key}\``, leaf.notes.expected, defaultOf(leaf), variable, leaf.notes.about + effect(key)]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  const title = name === '' ? '## Top level' : `## \`${name}\``
  return [
    title,
    '',
    '| key | value | default | variable | what it does |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function effect(key: string): string {
  const entry = NOT_YET.find((candidate) => isPartOf(key, candidate.key))
  return entry === undefined ? '' : ` **No effect so far**: ${entry.instead}.`
}

function defaultOf({ schema, notes }: KeyLeaf): string {
  if (notes.defaultText !== undefined)
    return /[<:]/.test(notes.defaultText) ? `\`${notes.defaultText}\`` : notes.defaultText
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return ''
  const value: unknown = schema.def.defaultValue
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none'
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``
}
