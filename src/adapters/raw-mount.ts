import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../auth-types.js'
import type { Host } from '../http/host-types.js'
import { checkRequestLine } from './node-request-line.js'
import { writeAnswer } from './raw-answer.js'
import { RawCall, RawGuardCall } from './raw-call.js'
import { openVisit } from './visit.js'

/** How the surface is mounted. */
export interface MountOptions {
  /** Paths of Sallyport's outside its base paths that the application answers by itself, such as `/docs` or `/metrics`. */
  readonly except?: readonly string[]
}

/** Answers what is Sallyport's; null where the application goes on, whose guards know from now on whom to ask. */
export type RawMount = (incoming: IncomingMessage, outgoing: ServerResponse, url: string) => Promise<void> | null

export function createRawMount(auth: Pick<Auth, 'host'>, { except = [] }: MountOptions = {}): RawMount {
  const { host } = auth
  const kept = new Set(except)

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, url: string): Promise<void> {
    const { headers, rawHeaders, httpVersion } = incoming
    const call = new RawCall(incoming, outgoing, url)
    const refused = checkRequestLine({ url, headers, rawHeaders, httpVersion })
    if (refused === null) return writeAnswer(outgoing, await host.answer(call))
    // Where the next request starts is not known for certain.
    outgoing.setHeader('connection', 'close')
    writeAnswer(outgoing, host.refuse(call, refused))
  }

  return (incoming, outgoing, url) => {
    openVisit(incoming, auth)
    const mark = url.indexOf('?')
    const path = mark === -1 ? url : url.slice(0, mark)
    return host.owns(path) && !kept.has(path) ? answer(incoming, outgoing, url) : null
  }
}

/** Answers a request that ended in an error, and logs what nobody expected; an answer that has begun is cut off. */
export function answerFailure(host: Host, incoming: IncomingMessage, outgoing: ServerResponse, error: unknown): void {
  const refusal = host.refuse(new RawGuardCall(incoming), error)
  if (outgoing.headersSent) outgoing.destroy()
  else writeAnswer(outgoing, refusal)
}
