import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Starts the Chromium of this machine; `npm test` has seen to it that there is one. */
export async function startChromium(): Promise<Browser> {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'system-packages.mjs')
  const executablePath = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim()
  // Debian's Chromium refuses its sandbox to root, as in a container. The pages are our own.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 })
}
