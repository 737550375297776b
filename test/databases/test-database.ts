import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { inject } from 'vitest'

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

/** @param server the url of a server's own database; default: the server of this run */
export async function createPostgresDatabase(server: string = inject('postgresUrl')): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  // Copying the files is thrice as quick as logging each page; versions before 15 know nothing else.
  const { rows } = await queryOn(server, "select current_setting('server_version_num')::int >= 150000 as known")
  await runOn(server, `create database ${name} template template0 ${rows[0]?.known ? 'strategy file_copy' : ''}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    remove: () => runOn(server, `drop database if exists ${name} with (force)`),
  }
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
