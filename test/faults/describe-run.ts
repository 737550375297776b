import type { KillRun } from './kill-run.js'

/** The figures of a run in two lines, for whoever ran it. */
export function describeRun(name: string, { seed, kills, tally, violations, underWay, cutOff, readyAfter }: KillRun) {
  const sorted = [...readyAfter].sort((a, b) => a - b)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  return [
    `${name}: ${kills} kills (seed ${seed}): ${tally.acknowledged} acknowledged, ${tally.refused} refused, ${tally.unknown} cut off, ${violations.length} violations`,
    `  under way at a kill ${Math.min(...underWay)} to ${Math.max(...underWay)}, cut off ${Math.min(...cutOff)} to ${Math.max(...cutOff)}; ready again after ${median} ms (median), ${sorted.at(-1)} ms (longest)`,
  ].join('\n')
}
