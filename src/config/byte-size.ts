const UNITS = { MiB: 1_048_576, KiB: 1024, B: 1 } as const

const SIZE = /^(\d{1,12})(B|KiB|MiB)$/

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text)
}

/** Bytes of `512B`, `16KiB` or `1MiB`; `null` for any other text. */
export function parseByteSize(text: string): number | null {
  const [, amount, unit] = SIZE.exec(text) ?? []
  return isUnit(unit) ? Number(amount) * UNITS[unit] : null
}

/** The shortest exact text of a size: 16384 → `16KiB`. */
export function formatByteSize(bytes: number): string {
  for (const [unit, length] of Object.entries(UNITS)) {
    if (bytes > 0 && bytes % length === 0) return `${bytes / length}${unit}`
  }
  return `${bytes}B`
}
