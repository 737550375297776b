import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS } from './metric-list.js'
import type { HistogramSample, Metric, MetricSources } from './metric-types.js'

/** @param sources what is there at the moment of a scrape */
export function createMetricRegistry(sources: () => MetricSources): Registry {
  const registry = new Registry()
  for (const metric of METRICS) register(registry, metric, sources)
  return registry
}

function register(registry: Registry, metric: Metric, sources: () => MetricSources): void {
  const { name, help, labels } = metric
  const described = { name, help, labelNames: labels, registers: [registry] }
  switch (metric.type) {
    case 'counter':
      new Counter({
        ...described,
        collect() {
          this.reset()
          for (const sample of metric.read(sources())) this.inc(sample.labels, sample.value)
        },
      })
      return
    case 'gauge':
      new Gauge({
        ...described,
        collect() {
          // Without labels it would start at 0, and what is not known is not 0.
          if (labels.length === 0) this.remove()
          else this.reset()
          for (const sample of metric.read(sources())) this.set(sample.labels, sample.value)
        },
      })
      return
    case 'histogram':
      new CountedHistogram(described, () => metric.read(sources()))
  }
}

/** Shows what is counted elsewhere: an `observe` with labels costs a microsecond, too much for the hot path. */
class CountedHistogram extends Histogram {
  readonly #described: Pick<Metric, 'name' | 'help'>
  readonly #read: () => Iterable<HistogramSample>

  constructor(described: ConstructorParameters<typeof Histogram>[0], read: () => Iterable<HistogramSample>) {
    super(described)
    this.#described = { name: described.name, help: described.help }
    this.#read = read
  }

  /** What a registry of prom-client 15 asks a histogram for; `get` is made of it. */
  async getForPromString() {
    const { name, help } = this.#described
    const values = [...this.#read()].flatMap(({ labels, value: { bounds, counts, sum } }) => {
      let total = 0
      const buckets = counts.map((count, at) => {
        total += count
        return { metricName: `${name}_bucket`, labels: { le: bounds[at] ?? '+Inf', ...labels }, value: total }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ]
    })
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

let ofProcess: Registry | undefined

/** The process's own metrics: one set, however many instances live in it. Observed from the first scrape on. */
export function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}
