export const MASK = '***'

/** A URL with `***` for its password and for the secrets in its query: for messages, logs and `config print`. */
export function maskUrl(url: string): string {
  // The last @ ends the credentials, since a password that was not percent-encoded may hold one, or a slash.
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:/@?#]*):.*@/is, `$1:${MASK}@`)
    .replace(/([?&][^=&#]*(?:pass|secret|token|key)[^=&#]*)=[^&#]*/gi, `$1=${MASK}`)
}
