import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { METRICS } from '../../src/features/metrics/metric-list.js'
import { projectRoot as root } from '../architecture/source-tree.js'
import { Deployment } from '../faults/deployment.js'
import { untilReady } from '../faults/server-process.js'

const answerShape = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
})

/** What `npm run test:prometheus` runs: two nodes, a Prometheus with the files of `deploy/`, and what it must find. */
async function scrapeNodes(prometheus: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-prometheus-'))
  const deployment = new Deployment({ config: { limits: { enabled: true } } })
  let child: ReturnType<typeof spawn> | undefined
  try {
    const urls = await Promise.all([deployment.serve().url(), deployment.serve().url()])
    await Promise.all(urls.map(untilReady))
    const file = parse(readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8'))
    file.global = { scrape_interval: '1s', evaluation_interval: '1s' }
    file.scrape_configs[0].static_configs = [{ targets: urls.map((url) => new URL(url).host) }]
    cpSync(join(root, 'deploy/prometheus/alerts.yml'), join(folder, 'alerts.yml'))
    writeFileSync(join(folder, 'prometheus.yml'), stringify(file))
    const at = `127.0.0.1:${await freePort()}`
    child = spawn(
      prometheus,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${folder}`,
        `--web.listen-address=${at}`,
      ],
      { stdio: 'ignore' },
    )
    const query = async (text: string): Promise<string[]> => {
      const answer = await fetch(`http://${at}/api/v1/query?query=${encodeURIComponent(text)}`).catch(() => null)
      // Not ready yet.
      if (answer?.status !== 200) return []
      return answerShape.parse(await answer.json()).data.result.map(({ value: [, value] }) => value)
    }
    const expect = async (text: string, wanted: readonly string[]) => {
      const until = Date.now() + 20_000
      let found: string[] = []
      do {
        found = await query(text)
        if (String(found) === String(wanted)) return console.log(`${text}: ${found.join(', ')}`)
        await sleep(250)
      } while (Date.now() < until)
      throw new Error(`${text} is [${found}] instead of [${wanted}]`)
    }
    await expect('count(up{job="sallyport"} == 1)', ['2'])
    const send = (url: string, path: string, body: object) =>
      fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const account = { email: 'ada@example.com', password: 'violet-anchor-7-lantern' }
    await send(urls[0] ?? '', '/auth/register', account)
    for (let time = 0; time < 3; time++) await send(urls[1] ?? '', '/auth/login', account)
    await send(urls[1] ?? '', '/auth/login', { ...account, password: 'wrong password' })
    await expect('sum(sallyport_registrations_total)', ['1'])
    await expect('sum(sallyport_logins_total{outcome="success"})', ['4'])
    await expect('sum(sallyport_logins_total{outcome="failure",reason="invalid_credentials"})', ['1'])
    await expect('count(sallyport_sessions_active)', ['2'])
    for (const { name, type } of METRICS) {
      await expect(`count(count by (instance) (${type === 'histogram' ? `${name}_count` : name}))`, ['2'])
    }
    await expect('count(ALERTS{alertstate="firing"}) or vector(0)', ['0'])
  } finally {
    child?.kill('SIGTERM')
    await deployment.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address instanceof Object ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

await scrapeNodes(process.argv[2] ?? 'prometheus')
