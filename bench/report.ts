import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cell, type Comparison, type NotMeasured, rounded, type Table } from './benchmark.js'
import type { Judged } from './goals.js'
import type { Machine } from './machine.js'

export interface Report {
  readonly command: string
  readonly profile: 'quick' | 'full'
  readonly date: string
  readonly seconds: number
  readonly machine: Machine & { readonly loadAfter: number }
  readonly benchmarks: readonly string[]
  readonly comparisons: readonly Comparison[]
  readonly goals: readonly Judged[]
  readonly notMeasured: readonly NotMeasured[]
  readonly tables: readonly Table[]
}

/** Keeps the report as JSON and Markdown. */
export function keepReport(folder: string, name: string, report: Report): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, `${name}.md`), toMarkdown(report))
}

export function toMarkdown(report: Report): string {
  const { command, profile, date, seconds, machine, goals, comparisons, notMeasured, tables } = report
  const { cpu, cores, memory, system, node, v8, openssl, load, loadAfter } = machine
  return [
    `# ${report.benchmarks.join(', ')} (${profile})`,
    '',
    `\`${command}\`, ${date}, ${seconds} s. ${cpu}, ${cores} cores, ${memory}, ${system}; ` +
      `Node ${node}, V8 ${v8}, OpenSSL ${openssl}; load average ${load} before and ${loadAfter} after.`,
    ...section('Goals', goals.map(goalRow)),
    ...section('Comparisons: how many times as good, or what share of the floor', comparisons.map(comparisonRow)),
    ...section(
      'Not measured',
      notMeasured.map(({ what, reason }) => ({ what, reason })),
    ),
    ...tables.flatMap(({ title, rows }) => section(title, rows)),
    '',
  ].join('\n')
}

function goalRow({ work, bound, limit, unit, measured, met, notYet }: Judged): Record<string, Cell> {
  return {
    goal: work,
    wanted: `${bound} ${limit.toLocaleString('en')} ${unit}`,
    measured: measured === null ? `not yet: ${notYet ?? ''}` : rounded(measured).toLocaleString('en'),
    met: met === null ? '' : met ? 'yes' : '**no**',
  }
}

function comparisonRow({ what, unit, sallyport, against, other, ratio }: Comparison): Record<string, Cell> {
  const figure = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 })
  return { what, against, ratio, Sallyport: figure(sallyport), other: figure(other), unit }
}

function section(title: string, rows: readonly Readonly<Record<string, Cell>>[]): string[] {
  const names = Object.keys(rows[0] ?? {})
  if (names.length === 0) return []
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`
  return [
    '',
    `## ${title}`,
    '',
    line(names),
    line(names.map(() => '---')),
    ...rows.map((row) => line(names.map((column) => row[column] ?? ''))),
  ]
}

/** A figure as a cell, empty where there is none. */
export function shown(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits)
}
