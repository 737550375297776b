import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { built, emptyFolder, run, serve } from './run-program.js'

const ROOT = join(import.meta.dirname, '..', '..')
const ACCOUNT = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
const STRONG = { JWT_SECRET: 'Vt2mK8wQzR4pXn7LcJ6yBd3HsF9gTe5u', JWT_SECRET_NEW: 'pXn7LcJ6yBd3HsF9gTe5uVt2mK8wQzR4' }

let guide = ''
beforeAll(async () => {
  await built()
  guide = await readFile(join(ROOT, 'docs/guides/modes.md'), 'utf8')
}, 120_000)

function examples(language: string): readonly string[] {
  const fences = guide.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'gm'))
  return [...fences].map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
}

it('the configurations in the guide to modes are usable, with nothing to say about them', async () => {
  const files = examples('yaml')
  expect(files).toHaveLength(5)
  for (const file of files) {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'sallyport.yaml'), file)
    const { code, json } = await run(['config', 'check', '--json'], { folder, env: STRONG })
    expect([code, json]).toMatchObject([0, { ok: true, warnings: [] }])
  }
})

it('its check of a JWT in another service takes a genuine token, and neither a forged one nor one of another kind', async () => {
  const { url } = await serve([], { folder: await emptyFolder(), env: { AUTH_MODE: 'stateless' } })
  const registered = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ACCOUNT),
  })
  const { access_token, refresh_token } = z
    .object({ access_token: z.string(), refresh_token: z.string() })
    .parse(await registered.json())
  const [head, body, signature = ''] = access_token.split('.')
  const forged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  const [example = ''] = examples('js')
  const program = `${example}
    const outcomes = []
    for (const token of ${JSON.stringify([access_token, forged, refresh_token])})
      outcomes.push(await checkAccessToken(token).then(({ email }) => email, (error) => error.code))
    console.log(JSON.stringify(outcomes))`
  expect(JSON.parse(await runModule(program, { SALLYPORT_URL: url }))).toEqual([
    ACCOUNT.email,
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    'ERR_JWS_INVALID',
  ])
})

/** Runs a module as a service of its own, with this project's packages; resolves with what it prints. */
async function runModule(text: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  child.stdin.end(text)
  await once(child, 'close')
  return output
}
