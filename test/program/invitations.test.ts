import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { built, emptyFolder, run } from './run-program.js'

beforeAll(built, 120_000)

it('invites, lists and revokes; the mail is in the outbox when the command is done', async () => {
  const folder = await emptyFolder()
  const invite = ['invitations', 'create', '--email', 'Bob@Example.com', '--role', 'editor', '--expires-in', '12h']
  const created = await run([...invite, '--inviter', 'Ada', '--json'], { folder })
  expect(created.json).toMatchObject({ email: 'bob@example.com', role: 'editor' })
  expect(created.stdout).not.toContain('spt_')
  const outbox = join(folder, 'data', 'outbox')
  const [file = ''] = (await readdir(outbox)).filter((name) => name.endsWith('.eml'))
  expect(/spt_[A-Za-z0-9_-]{43}/.test(await readFile(join(outbox, file), 'utf8'))).toBe(true)

  const listed = await run(['invitations', 'list'], { folder })
  const [, id = ''] = /^([0-9a-f-]{36}) {2}bob@example\.com {2}editor {2}until .*Z$/m.exec(listed.stdout) ?? []
  expect(id).not.toBe('')
  expect((await run(['invitations', 'revoke', id], { folder })).stdout).toBe(`Revoked invitation ${id}.\n`)
  expect((await run(['invitations', 'list'], { folder })).stdout).toBe('Nobody is invited.\n')
  expect((await run(['invitations', 'revoke', id], { folder })).code).toBe(1)
  expect((await run([...invite.slice(0, -1), 'soon'], { folder })).code).toBe(2)
}, 60_000)
