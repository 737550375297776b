import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { leaksIn } from './search-records.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the tests leave the secrets they used, and what was written meanwhile. */
    readonly secretsFolder: string
  }
}

/** After all tests: no secret that any of them used may stand in anything that was written during the run. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  project.provide('secretsFolder', folder)
  return () => {
    const { leaks, secrets, characters, seconds } = leaksIn(folder)
    rmSync(folder, { recursive: true, force: true })
    console.log(`${secrets} secrets searched for in ${characters} characters of output, ${seconds.toFixed(1)} s`)
    if (leaks.length === 0) return
    // vitest tells of an error at this point, and ends with 0 all the same.
    process.exitCode = 1
    throw new Error(`Secrets were written:\n${leaks.slice(0, 20).join('\n')}`)
  }
}
