import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { newEmail, PASSWORD } from '../flows/people.js'
import { blocksOf } from '../guides/code-blocks.js'
import { built } from '../program/run-program.js'
import { bundle } from './bundle.js'
import { startChromium } from './chromium.js'

const root = join(import.meta.dirname, '..', '..')
/** Each block is a file, which its first line names. */
const files = blocksOf('docs/guides/react.md').map(({ text }) => ({
  name: /^\/\/ (\S+)\n/.exec(text)?.[1] ?? '',
  text,
}))
const COMPILER_OPTIONS = {
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
  ...{ module: 'preserve', moduleResolution: 'bundler', target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'] },
  ...{ jsx: 'react-jsx', types: ['node'], noEmit: true, allowImportingTsExtensions: true, noUnusedLocals: true },
}

let browser: Browser
beforeAll(async () => {
  await built()
  browser = await startChromium()
}, 180_000)
afterAll(() => browser?.close())

it('the app of the guide to React compiles, renders on its server, and signs in and out', {
  timeout: 60_000,
}, async () => {
  // Below the project, so that the package is found by its own name, as it was built.
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'react-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const { name, text } of files) writeFileSync(join(folder, name), text)
  const config = { compilerOptions: COMPILER_OPTIONS, files: files.map(({ name }) => name) }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiled = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(compiled.stdout).toBe('')
  expect(files.length).toBe(6)

  writeFileSync(join(folder, 'page.js'), await bundle(join(folder, 'page.tsx')))
  writeFileSync(join(folder, 'server.mjs'), await bundle(join(folder, 'server.tsx'), 'node'))
  const url = await startServer(folder)

  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  const account = { email: newEmail(), password: PASSWORD, username: 'Ada' }
  await context.request.post(`${url}/auth/register`, { data: account })

  const signIn = async (password: string) => {
    await page.getByLabel('Email').fill(account.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await signIn('wrong')
  await page.getByRole('alert').filter({ hasText: 'Check the identifier and the password' }).waitFor()
  await signIn(PASSWORD)
  await page.getByRole('heading', { name: 'Hello Ada' }).waitFor()
  await page.getByText('You may read.').waitFor()

  // The server renders the same, and the page takes it over.
  expect(await (await context.request.get(url)).text()).toContain('Hello <!-- -->Ada')
  await page.reload()
  await page.getByRole('button', { name: 'Ask the API' }).click()
  await page.getByText('Hello from the API, Ada').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  expect(await (await context.request.get(url)).text()).toContain('aria-label="Password"')
  expect(complaints).toEqual([])
})

async function startServer(folder: string): Promise<string> {
  const server = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => end(server))
  for await (const line of createInterface(server.stdout)) {
    const port = /port: (\d+)/.exec(line)?.[1]
    if (port !== undefined) return `http://127.0.0.1:${port}`
  }
  throw new Error('The server of the guide did not start')
}

async function end(server: ChildProcess): Promise<void> {
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
}
