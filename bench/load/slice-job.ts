import { z } from 'zod'

export const sliceJob = z.object({
  /** Whose CPU is read before and after each slice. */
  pid: z.int(),
  /** Whole requests, one for each slice. */
  slices: z.array(z.object({ url: z.url(), text: z.string() })),
  connections: z.int().min(1),
  /** Of one slice. */
  milliseconds: z.number(),
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
