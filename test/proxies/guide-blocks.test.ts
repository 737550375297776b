import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { blocksOf, guidePages } from '../guides/code-blocks.js'

it('nginx takes what the guides give for it', () => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const blocks = guidePages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'nginx')
  expect(blocks.length).toBeGreaterThan(0)
  for (const { page, line, text } of blocks) {
    const site = /^\s*(?:server|upstream|map)\b/.test(text) ? text : `server { listen 127.0.0.1:8000; ${text} }`
    const file = join(home, 'nginx.conf')
    writeFileSync(file, `pid ${home}/pid; error_log ${home}/error.log; events {} http { access_log off;\n${site}\n}`)
    const { status, stderr } = spawnSync('nginx', ['-t', '-q', '-c', file], {
      encoding: 'utf8',
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    })
    expect({ page, line, status, stderr }).toEqual({ page, line, status: 0, stderr: '' })
  }
})
