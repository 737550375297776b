import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '../redis/redis-server.js'

const ROOT = join(import.meta.dirname, '..', '..')

// Ends the server with its parent, however that ends: the pipe on standard input closes.
const KEEPER = 'exec 3<&0; "$@" & server=$!; { cat >/dev/null; kill $server; } <&3 2>/dev/null & wait $server'

export interface Nginx {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** Where the configuration says that things listen, and where they do in a test. */
interface Ports {
  readonly sallyport: number
  readonly application: number
}

/** A private nginx over `deploy/nginx/sallyport.conf` as it is shipped, but for the ports. */
export async function startNginx(ports: Ports): Promise<Nginx> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'))
  const port = await freePort()
  const shipped = readFileSync(join(ROOT, 'deploy', 'nginx', 'sallyport.conf'), 'utf8')
  const moved = [
    ['127.0.0.1:3000', ports.sallyport],
    ['127.0.0.1:8080', ports.application],
    ['127.0.0.1:8000', port],
  ] as const
  const site = moved.reduce((text, [address, to]) => replaceOnce(text, address, `127.0.0.1:${to}`), shipped)
  writeFileSync(join(home, 'site.conf'), site)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  )
  writeFileSync(
    join(home, 'nginx.conf'),
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log warn;
     events {} http { access_log off; ${temporary.join(' ')} include ${home}/site.conf; }`,
  )
  const child = launch(home)
  let isOver = false
  child.once('exit', () => {
    isOver = true
  })
  await until(async () => {
    if (isOver) throw new Error(`nginx did not start: ${readFileSync(join(home, 'error.log'), 'utf8')}`)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    return true
  }, 'nginx listens')
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async stop() {
      const ended = isOver ? null : once(child, 'exit')
      child.stdin?.end()
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function launch(home: string): ChildProcess {
  const script = join(ROOT, 'scripts', 'system-packages.mjs')
  const program = execFileSync(process.execPath, [script, 'nginx'], { encoding: 'utf8' }).trim()
  const words = [program, '-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')]
  return spawn('/bin/sh', ['-c', KEEPER, 'sh', ...words], { stdio: ['pipe', 'ignore', 'ignore'] })
}

function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`${from} stands in the configuration ${parts.length - 1} times`)
  return parts.join(to)
}
