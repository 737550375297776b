import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../src/config/load-config.js'

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy')
const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8')
const IDENTITY = ['user-id', 'tenant-id', 'session-id', 'roles', 'email'].map((name) => `x-auth-${name}`)

const compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      environment: z.record(z.string(), z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      ports: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
})

describe('deploy/compose.yaml', () => {
  // Neither Docker nor its schema is at hand here: what can be checked is that its parts name each other rightly.
  const { services, volumes } = compose.parse(parse(read('compose.yaml'), { merge: true }))

  it('names only services, volumes and files that are there', () => {
    for (const { depends_on = {}, volumes: mounts = [] } of Object.values(services)) {
      for (const other of Object.keys(depends_on)) expect(services).toHaveProperty(other)
      for (const mount of mounts) {
        const [source = ''] = mount.split(':')
        if (source.startsWith('.')) expect(existsSync(join(DEPLOY, source))).toBe(true)
        else expect(volumes).toHaveProperty(source)
      }
    }
  })

  it('lets nginx balance over every node, and opens to this machine alone', () => {
    const nodes = Object.keys(services).filter((name) => name.startsWith('node'))
    expect(nodes).toHaveLength(3)
    const balanced = [...read('nginx/balancer.conf').matchAll(/server (\w+):3000/g)].map(([, name]) => name)
    expect(balanced).toEqual(nodes)
    expect(Object.values(services).flatMap(({ ports = [] }) => ports)).toEqual(['127.0.0.1:8000:8000'])
  })

  it('gives the nodes settings that the program accepts, and no secret of its own', async () => {
    const given = services['node1']?.environment ?? {}
    expect(read('compose.yaml')).not.toMatch(/(?:PASSWORD|SECRET): (?!\$\{)/)
    const filled = Object.entries(given).map(([name, value]): [string, string] => [
      name,
      value.replace(/\$\{(\w+):[?-]([^}]*)\}/g, (_, key: string, other: string) =>
        key === 'PUBLIC_URL' || key === 'AUTH_MODE' ? other : 'q8Zr1vXn0LkT4mYc7PdWb2HsJ6fGaE9u',
      ),
    ])
    const env = { ...Object.fromEntries(filled), NODE_ENV: 'production', HOST: '0.0.0.0' }
    const { config } = await loadConfig({ file: join(DEPLOY, 'sallyport.yaml'), cwd: DEPLOY, env })
    expect(config.storage.url).toMatch(/^postgres:/)
    expect(config.redis.url).toBe('redis://redis:6379/0')
  })
})

describe('the configurations of proxies', () => {
  it.each(['nginx/sallyport.conf', 'traefik/sallyport.yml', 'caddy/Caddyfile', 'envoy/envoy.yaml'])(
    '%s names every header that tells who calls',
    (file) => {
      const text = read(file).toLowerCase()
      for (const name of IDENTITY) expect(text).toContain(name)
    },
  )

  it('envoy/envoy.yaml hands the check what a session may be bound to', () => {
    // Unlike the others it sends on nothing that is not named.
    for (const name of ['authorization', 'cookie', 'user-agent', 'x-forwarded-for', 'x-tenant-id']) {
      expect(read('envoy/envoy.yaml')).toContain(`- exact: ${name}\n`)
    }
  })

  it('are YAML where they say so', () => {
    for (const file of ['traefik/sallyport.yml', 'envoy/envoy.yaml']) {
      expect(parse(read(file), { merge: true })).toBeTypeOf('object')
    }
    expect(readdirSync(DEPLOY)).toEqual(expect.arrayContaining(['nginx', 'traefik', 'caddy', 'envoy']))
  })
})
