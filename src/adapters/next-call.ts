import type { GuardCall } from '../http/host-types.js'
import { peerOf } from './next-peer.js'

/** What of `Headers` is used: those of a request, or what `await headers()` gives. */
export interface ReadableHeaders {
  get(name: string): string | null
}

/** What of a request decides who is let in, where there are headers alone. */
export function guardCallOf(method: string, headers: ReadableHeaders): GuardCall {
  const header = (name: string) => headers.get(name) ?? undefined
  return { method, header, host: header('host') ?? '', remoteAddress: peerOf(header) }
}
