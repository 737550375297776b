/** The languages that people are written to in, as BCP 47 tags. */
export const LOCALES = ['en', 'de', 'es', 'fr', 'zh'] as const

/** A language of messages and pages. */
export type Locale = (typeof LOCALES)[number]

/** More ranges than these are nobody's wish, and longer headers are not read. */
const MOST_RANGES = 20
const LONGEST_HEADER = 500

/**
 * The language that an `Accept-Language` header asks for most (RFC 9110 §12.5.4); a region does not matter.
 * @returns null where it asks for none of them
 */
export function preferredLocale(acceptLanguage: string | null | undefined): Locale | null {
  if (!acceptLanguage || acceptLanguage.length > LONGEST_HEADER) return null
  let best: { readonly locale: Locale; readonly quality: number } | null = null
  for (const range of acceptLanguage.split(',', MOST_RANGES)) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const locale = LOCALES.find((known) => tag === known || tag.startsWith(`${known}-`))
    const quality = qualityOf(parameters)
    if (locale !== undefined && quality > (best?.quality ?? 0)) best = { locale, quality }
  }
  return best?.locale ?? null
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='))
  if (given === undefined) return 1
  const quality = Number(given.slice(2))
  return quality > 0 && quality <= 1 ? quality : 0
}
