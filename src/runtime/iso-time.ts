const DAY = 86_400_000
/** Days whose dates are remembered. */
const MOST_DAYS = 10_000
const dates = new Map<number, string>()

/**
 * A time as RFC 3339 writes it, in UTC: what `toISOString` gives, at a tenth of its cost where the day was written before.
 * @param milliseconds since the epoch
 * @throws RangeError for what is no time
 */
export function isoTime(milliseconds: number): string {
  const whole = Math.trunc(milliseconds)
  const day = Math.floor(whole / DAY)
  const rest = whole - day * DAY
  const [hours, minutes] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60]
  const [seconds, thousandths] = [Math.floor(rest / 1000) % 60, rest % 1000]
  return `${dateOf(day)}${two(hours)}:${two(minutes)}:${two(seconds)}.${thousandths < 100 ? '0' : ''}${two(thousandths)}Z`
}

/** With the `T` behind it. */
function dateOf(day: number): string {
  const known = dates.get(day)
  if (known !== undefined) return known
  const text = new Date(day * DAY).toISOString()
  const date = text.slice(0, text.indexOf('T') + 1)
  if (dates.size >= MOST_DAYS) dates.clear()
  dates.set(day, date)
  return date
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`
}
