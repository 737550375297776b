const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

const DURATION = /^(\d{1,15})(ms|s|m|h|d)$/

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text)
}

/** Milliseconds of `90s`, `15m`, `24h`, `30d` or `500ms`; `null` for any other text. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = DURATION.exec(text) ?? []
  return isUnit(unit) ? Number(amount) * UNITS[unit] : null
}

/** The shortest exact text of a duration, in the largest unit that divides it: 900000 → `15m`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s'
  for (const [unit, length] of Object.entries(UNITS)) {
    if (milliseconds % length === 0) return `${milliseconds / length}${unit}`
  }
  return `${milliseconds}ms`
}
