import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { built, emptyFolder, serve } from '../program/run-program.js'
import { blocksOf } from './code-blocks.js'
import { runShell } from './run-shell.js'
import { SHELL_PAGES } from './shell-pages.js'

const SLOW = 120_000

beforeAll(built, SLOW)

const commandsOf = (page: string) =>
  blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text)
    .join('\n')

const SERVERS = [...new Set(SHELL_PAGES.map(({ server }) => server))]

it.each(SERVERS)('the commands of the pages do what they say: %s', { timeout: SLOW }, async (server) => {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'sallyport.yaml'), server)
  await writeFile(join(folder, 'pwned-passwords-sha1.txt'), `${'0123456789ABCDEF'.repeat(3).slice(0, 40)}:7\n`)
  const { url } = await serve([], { folder })
  for (const { page, statuses, env, before, replace = [] } of SHELL_PAGES.filter((one) => one.server === server)) {
    if (before !== undefined) expect((await runShell(before, url, folder, env)).failures).toEqual([])
    const done = await runShell(
      replace.reduce((text, [hint, meant]) => text.replaceAll(hint, meant), commandsOf(page)),
      url,
      folder,
      env,
    )
    expect({ page, ...done }).toMatchObject({ page, statuses, failures: [] })
  }
})

const session = z.object({ access_token: z.string(), session: z.object({ id: z.string() }) })

/** What is typed behind each `$`, and what is shown below it. */
function exchangesOf(page: string): { command: string; shown: string }[] {
  return blocksOf(page)
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = ''] = /^(?:.*\\\n)*.*\n/.exec(text) ?? []
      return { command, shown: text.slice(command.length).trim() }
    })
}

/** The names in a document, however much of it is shown. */
const keysIn = (text: string) => [...new Set([...text.matchAll(/"([a-z_]+)":/g)].map(([, key = '']) => key))]

describe('what the pages show of an exchange is what happens', () => {
  /** The first line, every header and the names of the document; times and ids differ. */
  function expectShown(command: string, output: string, shown: string): void {
    const actual = output.replaceAll('\r', '').replace('max_age="1"', 'max_age="600"')
    if (!shown.startsWith('HTTP/')) {
      if (shown.startsWith('{')) expect({ command, keys: keysIn(actual) }).toEqual({ command, keys: keysIn(shown) })
      else expect({ command, shown: actual.trim() }).toEqual({ command, shown })
      return
    }
    for (const line of shown.replaceAll(/\n {2,}/g, ' ').split('\n')) {
      expect({ command, actual }).toEqual({ command, actual: expect.stringContaining(line) })
    }
  }

  it('in the guide to sessions', { timeout: SLOW }, async () => {
    const folder = await emptyFolder()
    const configuration =
      'auth: { reauthentication_max_age: 1s, session: { max_sessions_per_user: 3, on_limit: reject, binding: user_agent } }'
    await writeFile(join(folder, 'sallyport.yaml'), configuration)
    const { url } = await serve([], { folder })
    const account = JSON.stringify({ email: 'ada@example.com', password: 'violet-anchor-7-lantern' })
    const sign = async (path: string) => {
      const { output } = await runShell(
        `curl -s ${url}${path} -H 'content-type: application/json' -d '${account}'`,
        url,
        folder,
      )
      return session.parse(JSON.parse(output))
    }
    const { access_token: TOKEN } = await sign('/auth/register')
    const { session: other } = await sign('/auth/login')
    await sign('/auth/login')
    // The sign-in is to be older than a second.
    await sleep(1_100)
    const exchanges = exchangesOf('docs/guides/sessions.md')
    expect(exchanges).toHaveLength(7)
    for (const { command, shown } of exchanges) {
      const own = command.replaceAll(/01a1fde7-[0-9a-f-]+/g, other.id)
      const { output, failures } = await runShell(own, url, folder, { TOKEN })
      expect(failures).toEqual([])
      expectShown(command, output, shown)
    }
  })

  it('in the guide to addresses', { timeout: SLOW }, async () => {
    const folder = await emptyFolder()
    const { url } = await serve([], { folder })
    const register = `curl -s ${url}/auth/register -H 'content-type: application/json' -d '{"email":"ada@example.com","password":"violet-anchor-7-lantern"}'`
    await runShell(register, url, folder)
    const exchanges = exchangesOf('docs/guides/email.md')
    expect(exchanges).toHaveLength(1)
    for (const { command, shown } of exchanges) {
      const { output, failures } = await runShell(command, url, folder, { MAILED: 'verify-email' })
      expect(failures).toEqual([])
      expectShown(command, output, shown)
    }
  })
})
