import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from './benchmark.js'
import type { Machine } from './machine.js'

export interface Report {
  readonly command: string
  readonly date: string
  readonly seconds: number
  readonly machine: Machine
  readonly tables: readonly Table[]
}

const FOLDER = join(import.meta.dirname, 'results')

/** Prints the report and keeps it as JSON and Markdown. */
export function keepReport(name: string, report: Report): void {
  const markdown = toMarkdown(name, report)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(FOLDER, `${name}.md`), markdown)
  console.log(markdown)
}

function toMarkdown(name: string, { command, date, seconds, machine, tables }: Report): string {
  const { cpu, cores, memory, system, node, v8, openssl, load } = machine
  return [
    `# ${name}`,
    '',
    `\`${command}\`, ${date}, ${seconds} s. ${cpu}, ${cores} cores, ${memory}, ${system}; ` +
      `Node ${node}, V8 ${v8}, OpenSSL ${openssl}; load ${load}.`,
    ...tables.flatMap((table) => ['', `## ${table.title}`, '', ...linesOf(table)]),
    '',
  ].join('\n')
}

function linesOf({ rows }: Table): string[] {
  const names = Object.keys(rows[0] ?? {})
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`
  return [line(names), line(names.map(() => '---')), ...rows.map((row) => line(names.map((column) => row[column])))]
}
