import type { TestProject } from 'vitest/node'
import { startPostgres } from './start-postgres.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The url of the server's own database; `test-database.ts` makes others beside it. */
    readonly postgresUrl: string
  }
}

/** One PostgreSQL for the whole run. A machine that has none fails here, in one line. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  project.provide('postgresUrl', server.url())
  return () => server.dispose()
}
