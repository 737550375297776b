import { z } from 'zod'

export const loadJob = z.object({
  url: z.url(),
  /** Whole requests; the connections take them in turn and stay with theirs. */
  requests: z.array(z.string()).min(1),
  connections: z.int().min(1),
  milliseconds: z.number(),
  /** Requests a second, whether or not the earlier ones are answered; null: each connection asks again at once. */
  rate: z.number().nullable(),
})
export type LoadJob = z.output<typeof loadJob>

export const loadResult = z.object({
  answered: z.int(),
  statuses: z.record(z.string(), z.int()),
  milliseconds: z.number(),
  /** Of the answers, milliseconds. */
  p50: z.number(),
  p99: z.number(),
})
export type LoadResult = z.output<typeof loadResult>

export const LOAD_CLIENT = new URL('load-client.ts', import.meta.url)

/** One request as it goes over the wire. @param fields further header fields, such as `cookie: …` */
export function requestText(
  method: string,
  url: string,
  path: string,
  fields: readonly string[],
  body?: object,
): string {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lengths =
    body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`]
  return [`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`, ...fields, ...lengths, '', text].join('\r\n')
}

/** @throws Error where anything was answered with another status */
export function assertAll(status: number, what: string, { statuses }: Pick<LoadResult, 'statuses'>): void {
  const others = Object.keys(statuses).filter((found) => found !== String(status))
  if (others.length > 0) throw new Error(`${what} was answered ${JSON.stringify(statuses)}`)
}
