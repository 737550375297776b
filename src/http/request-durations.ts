import { Histogram } from '../runtime/histogram.js'

/** Seconds; the hot path takes less than the first. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Whatever else a caller writes as a method is one label. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const OTHER_METHOD = 'other'
/** Whatever path is no route's is one label. */
const NO_ROUTE = 'unknown'

/** What answers of one route took. */
export class RouteDurations {
  readonly #methods = new Map<string, Map<number, Histogram>>()

  /** @param started as `performance.now()` gave it */
  record(method: string, status: number, started: number): void {
    const known = METHODS.has(method) ? method : OTHER_METHOD
    const ofMethod = this.#methods.get(known) ?? put(this.#methods, known, new Map())
    const ofStatus = ofMethod.get(status) ?? put(ofMethod, status, new Histogram(BOUNDS))
    ofStatus.observe((performance.now() - started) / 1000)
  }

  *series(): Generator<{ readonly method: string; readonly status: number; readonly durations: Histogram }> {
    for (const [method, statuses] of this.#methods) {
      for (const [status, durations] of statuses) yield { method, status, durations }
    }
  }
}

/**
 * How long answers took, from the request's arrival at the application to the answer's being ready. Nothing that a
 * caller writes makes a new series: routes are named by their templates.
 */
export class RequestDurations {
  readonly #routes = new Map<string, RouteDurations>()

  /** @param template null for a path that is no route's */
  of(template: string | null): RouteDurations {
    const route = template ?? NO_ROUTE
    return this.#routes.get(route) ?? put(this.#routes, route, new RouteDurations())
  }

  *series() {
    for (const [route, durations] of this.#routes) {
      for (const one of durations.series()) yield { route, ...one }
    }
  }
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  map.set(key, value)
  return value
}
