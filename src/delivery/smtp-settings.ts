import { isLoopbackHost } from '../config/addresses.js'

/** Where and how mail is handed on. */
export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /** TLS from the first byte. */
  readonly isSecure: boolean
  /** `required`: nothing is sent without; `offered`: where the server can; `off`: never. */
  readonly startTls: 'required' | 'offered' | 'off'
  readonly credentials: { readonly user: string; readonly pass: string } | null
}

const SUBMISSION = 587
const SUBMISSIONS = 465

/**
 * Reads `smtp://user:password@host:port`, where user and password are percent-encoded. Ports: RFC 8314 §3.3.
 * @param tls `mail.tls`
 */
export function smtpSettings(url: string, tls: 'auto' | 'required' | 'off'): SmtpSettings {
  const { protocol, hostname, port, username, password } = new URL(url)
  const isSecure = protocol === 'smtps:'
  const host = decoded(hostname.replace(/^\[|\]$/g, ''))
  const credentials = username === '' ? null : { user: decoded(username), pass: decoded(password) }
  // A password does not leave this machine where anybody on the way could have taken STARTTLS out of the offer.
  const isRequired = tls === 'required' || (tls === 'auto' && credentials !== null && !isLoopbackHost(host))
  return {
    host,
    port: port === '' ? (isSecure ? SUBMISSIONS : SUBMISSION) : Number(port),
    isSecure,
    startTls: tls === 'off' ? 'off' : isRequired ? 'required' : 'offered',
    credentials,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
