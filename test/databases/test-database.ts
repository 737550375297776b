import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { inject } from 'vitest'
import { codeOf } from '../../src/storage/database-error.js'

const NO_SUCH_DATABASE = '3D000'

/** An empty database of one test. */
export interface TestDatabase {
  readonly url: string
  remove(): Promise<void>
}

export async function createSqliteFile(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'))
  return {
    url: `sqlite:${join(folder, 'test.db')}`,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * The database of this worker, emptied: making one costs the server a checkpoint, and on a busy disk a second.
 * One test of a worker uses it at a time.
 */
export async function emptyPostgresDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `worker_${process.env['VITEST_POOL_ID'] ?? process.pid}`
  const url = databaseUrl(server, name)
  const wipe = async () => {
    // Whoever is still connected belongs to a test that is over.
    await runOn(
      url,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
       drop schema public cascade; create schema public`,
    )
  }
  await wipe().catch(async (error: unknown) => {
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error
    await runOn(server, `create database ${name} template template0`)
  })
  return { url, remove: async () => undefined }
}

/** A database of its own, for a test that changes its settings. @param server the url of the server's own database */
export async function createPostgresDatabase(server: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await runOn(server, `create database ${name} template template0`)
  return {
    url: databaseUrl(server, name),
    remove: () => runOn(server, `drop database if exists ${name} with (force)`),
  }
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Runs one statement on a connection of its own. */
export async function runOn(url: string, text: string, values: readonly unknown[] = []): Promise<void> {
  await queryOn(url, text, values)
}

export async function queryOn(url: string, text: string, values: readonly unknown[] = []) {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.query(text, [...values])
  } finally {
    await client.end()
  }
}
