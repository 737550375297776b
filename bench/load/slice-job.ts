import { z } from 'zod'

export const sliceJob = z.object({
  /** Whose CPU is read before and after each slice. */
  pid: z.int(),
  /** Of each slice the one request that it asks, whole. */
  slices: z.array(z.object({ url: z.url(), text: z.string() })),
  connections: z.int().min(1),
  /** How many make one slice. */
  requests: z.int().min(1),
})
export type SliceJob = z.output<typeof sliceJob>

const sliceResult = z.object({
  statuses: z.record(z.string(), z.int()),
  milliseconds: z.number(),
  /** Of the process, microseconds. */
  cpu: z.number(),
})
export type SliceResult = z.output<typeof sliceResult>

export const slicesResult = z.array(sliceResult)
export type SlicesResult = z.output<typeof slicesResult>

export const SLICE_CLIENT = new URL('slice-client.ts', import.meta.url)
