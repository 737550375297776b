import type { WriteStream } from 'node:tty'

const WIDTH = 30

/** A bar on a terminal, and nothing anywhere else. @returns `report` takes the share that is done, 0 to 1 */
export function showProgress(output: WriteStream, label: string) {
  let shown = -1
  return {
    report(share: number): void {
      const percent = Math.floor(share * 100)
      if (!output.isTTY || percent === shown) return
      shown = percent
      const done = Math.round(share * WIDTH)
      output.write(`\r${label} ${'█'.repeat(done)}${'░'.repeat(WIDTH - done)} ${percent}%`)
    },
    end(): void {
      if (shown >= 0) output.write('\r\x1b[K')
    },
  }
}
