import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds that the threads of a process have run so far, the kernel's work for them included. Linux alone. */
export function cpuOf(pid: number): number {
  const folder = `/proc/${pid}/task`
  let sum = 0
  for (const thread of readdirSync(folder))
    sum += Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0])
  return sum
}
