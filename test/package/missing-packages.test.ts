import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type InstalledPackage, installPackage } from './installed-package.js'

let installed: InstalledPackage

beforeAll(() => {
  installed = installPackage()
  // What a bundler or a slimmed image may have left out, since each is loaded on first use.
  for (const name of ['pg', '@redis/client', 'nodemailer', 'ws']) rmSync(join(installed.project, 'node_modules', name))
}, 120_000)
afterAll(() => installed?.remove())

interface Program {
  /** Resolves with what was found, once it stands in what the program has written. */
  says(pattern: RegExp): Promise<string>
  stop(): void
  readonly code: Promise<unknown>
}

function serve(env: Readonly<Record<string, string>>): Program {
  const program = join(installed.folder, installed.manifest.bin.sallyport)
  const child = spawn(process.execPath, [program, 'serve', '--port', '0'], {
    cwd: installed.project,
    env: { PATH: process.env['PATH'] ?? '', SALLYPORT_SECRET: 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  let isOver = false
  const code = once(child, 'close').then(([code]: unknown[]) => {
    isOver = true
    return code
  })
  return {
    async says(pattern) {
      for (;;) {
        const found = pattern.exec(output)
        if (found) return found[1] ?? found[0]
        if (isOver) throw new Error(`It ended without ${pattern}: ${output}`)
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), code])
      }
    },
    stop: () => child.kill('SIGTERM'),
    code,
  }
}

it('React, which is the application’s own, is missed in words of Node that name it', () => {
  const script = ['--input-type=module', '-e', "await import('sallyport/client'); await import('sallyport/react')"]
  const { stderr } = spawnSync(process.execPath, script, { cwd: installed.project, encoding: 'utf8' })
  expect(stderr).toContain("Cannot find package 'react'")
})

it('a start on PostgreSQL without pg says how to install it, and ends', async () => {
  const program = serve({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  await program.says(/PostgreSQL needs the package pg, which is not installed: npm install pg/)
  expect(await program.code).toBe(1)
})

it('a server serves without what it can do without, and says how to install the rest', async () => {
  const program = serve({ REDIS_URL: 'redis://127.0.0.1:1' })
  const url = await program.says(/listens on (http:\S+)/)
  await program.says(/Redis needs the package @redis\/client, which is not installed: npm install @redis\/client/)

  const body = JSON.stringify({ email: 'ada@example.com', password: 'violet-anchor-7-lantern' })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`${url}/auth/register`, { method: 'POST', headers, body })).status).toBe(201)
  await program.says(/Mail needs the package nodemailer, which is not installed: npm install nodemailer/)

  const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const asked = request(`${url}/ws`, { headers: { ...handshake, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } })
  const [answer]: unknown[] = await once(asked.end(), 'response')
  expect(answer).toMatchObject({ statusCode: 503 })
  await program.says(/A WebSocket needs the package ws, which is not installed: npm install ws/)

  program.stop()
  expect(await program.code).toBe(0)
})
