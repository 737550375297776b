// The statement of a refresh by the drivers alone. Argument: the addresses of databases that hold sessions.
import { createRequire } from 'node:module'
import { Pool } from 'pg'
import { z } from 'zod'
import { serveJobs, type Work } from '../load/subject.js'
import { POSTGRES_NOW, refreshStatement, SQLITE_NOW } from './refresh-statement.js'

const { postgres, sqlite } = z
  .object({ postgres: z.string(), sqlite: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''))

await serveJobs({ sqlite: sqliteWork(), postgres: await postgresWork() })

function sqliteWork(): Work {
  const Libsql = createRequire(import.meta.url)('libsql')
  const database = new Libsql(sqlite.slice('sqlite:'.length))
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
    database.exec(`PRAGMA ${pragma}`)
  const rows: { id: string; tenant_id: string }[] = database.prepare('select id, tenant_id from sessions').all()
  const statement = database.prepare(refreshStatement(SQLITE_NOW, '?2', '?1'))
  return {
    step(index) {
      const row = rows[index % rows.length]
      return statement.all([row?.tenant_id, row?.id]).length === 1
    },
  }
}

async function postgresWork(): Promise<Work> {
  const pool = new Pool({ connectionString: postgres, max: 10 })
  const { rows } = await pool.query<{ id: string; tenant_id: string }>('select id, tenant_id from sessions')
  const text = refreshStatement(POSTGRES_NOW, '$2', '$1')
  return {
    // Each worker its own row, as each session is refreshed by its own browser.
    async step(_index, worker) {
      const row = rows[worker % rows.length]
      const values = [row?.tenant_id, row?.id]
      return (await pool.query({ name: 'raw_refresh', text, values })).rows.length === 1
    },
  }
}
