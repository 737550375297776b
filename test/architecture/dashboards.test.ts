import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { METRICS } from '../../src/features/metrics/metric-list.js'
import { createTestAuth } from '../../src/testing/index.js'
import { projectRoot } from './source-tree.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')

/** Every value of that key, at any depth. */
function valuesOf(key: string, document: unknown): unknown[] {
  if (typeof document !== 'object' || document === null) return []
  return Object.entries(document).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...valuesOf(key, value),
  ])
}

const FILES = {
  'deploy/grafana/sallyport.json': JSON.parse(read('deploy/grafana/sallyport.json')),
  'deploy/prometheus/alerts.yml': parse(read('deploy/prometheus/alerts.yml')),
} as const

/** What Prometheus itself makes of a target. */
const OF_PROMETHEUS = ['up']
const NAME = /\b(?:(?:sallyport|process|nodejs)_[a-z0-9_]+|up)\b/g
const SELECTOR = /\b(sallyport_[a-z0-9_]+)\{([^}]*)\}/g
const GROUPING = /\bby \(([^)]*)\)/g
const OF_TARGETS = ['job', 'instance', 'le']

/** A name in an expression without what a histogram adds to it. */
const baseOf = (name: string) => METRICS.find((metric) => name.replace(/_(?:bucket|sum|count)$/, '') === metric.name)

describe('the files for Grafana and Prometheus', () => {
  const expressions = Object.entries(FILES).flatMap(([file, document]) =>
    valuesOf('expr', document).map((expr) => ({ file, expr: String(expr) })),
  )

  it('have expressions, and each metric is in one', () => {
    expect(expressions.length).toBeGreaterThan(30)
    const used = new Set(expressions.flatMap(({ expr }) => expr.match(NAME) ?? []).map((name) => baseOf(name)?.name))
    expect(METRICS.filter(({ name }) => !used.has(name))).toEqual([])
  })

  it('name metrics that /metrics has, as it has them', async () => {
    const auth = await createTestAuth()
    const text = `${await auth.metrics()}`
    await auth.close()
    const published = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
    const unknown = expressions.flatMap(({ expr, file }) => {
      const names = expr.match(NAME) ?? []
      const isThere = (name: string) => {
        const metric = baseOf(name)
        // A histogram is read by its parts alone, and a counter has none.
        if (metric) return (metric.type === 'histogram') === (name !== metric.name)
        return OF_PROMETHEUS.includes(name) || published.has(name)
      }
      return names.length === 0 ? [`${file}: ${expr}`] : names.filter((name) => !isThere(name))
    })
    expect(unknown).toEqual([])
  })

  it('select and group by labels that those metrics have', () => {
    const wrong = expressions.flatMap(({ expr }) => {
      const selected = [...expr.matchAll(SELECTOR)].flatMap(([, name = '', body = '']) => {
        const labels = [...body.matchAll(/([a-z_]+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label)
        return labels.filter((label) => ![...OF_TARGETS, ...(baseOf(name)?.labels ?? [])].includes(label))
      })
      const known = (expr.match(NAME) ?? []).flatMap((name) => baseOf(name)?.labels ?? [])
      const grouped = [...expr.matchAll(GROUPING)].flatMap(([, list = '']) => list.split(/,\s*/))
      return [...selected, ...grouped.filter((label) => ![...OF_TARGETS, ...known].includes(label))]
    })
    expect(wrong).toEqual([])
  })

  it('are documented: the guide names every metric with its type and labels', () => {
    const guide = read('docs/guides/metrics.md')
    const missing = METRICS.filter(({ name, type, labels }) => {
      const written = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ')
      return !guide.includes(`| \`${name}\` | ${type} | ${written} |`)
    })
    expect(missing.map(({ name }) => name)).toEqual([])
  })
})
